#!/bin/sh
# Makes the topics and registers the schemas; what is there already stays as it is. A registry that has just started may take longer
# over its first schema than the command waits.
tries=10
until keepup topics create --replication-factor 3; do
  tries=$((tries - 1))
  [ $tries -gt 0 ] || exit 1
  sleep 1
done
