#!/bin/sh
# Assigns volume vol-1 to the three nodes and writes its first MiB: a volume is healthy once something is durable on a majority.
set -eu
volume=vol-1
if keepup status $volume >/dev/null 2>&1; then
  keepup status $volume
  exit 0
fi
keepup assign $volume --epoch 1 --primary vs-1 --replica vs-2 --replica vs-3 --size 64MiB
tries=60
until head -c 1048576 /dev/urandom | keepup volume write $volume --at vs-1:8080 --barrier; do
  tries=$((tries - 1))
  [ $tries -gt 0 ] || { echo "first-volume: $volume takes no writes: docker compose logs vs-1 says why" >&2; exit 1; }
  sleep 1
done
tries=60
until keepup status $volume | grep publish_healthy; do
  tries=$((tries - 1))
  [ $tries -gt 0 ] || { keepup status $volume >&2; echo "first-volume: $volume does not become healthy" >&2; exit 1; }
  sleep 1
done
