#!/usr/bin/env bash
# Brings compose.yml up on ports of its own and holds it to what it promises: a healthy volume, a page on localhost, metrics in
# Prometheus; takes it down again. Images: those of the variables that compose.yml names (docker/local-images.sh sets them).
# Without GRAFANA_IMAGE Grafana is left out; a test holds its dashboard to the app's metrics.
set -euo pipefail
cd "$(dirname "$0")"

compose() {
  if command -v docker-compose >/dev/null; then
    docker-compose -p keepup-check "$@"
  else
    docker compose -p keepup-check "$@"
  fi
}

fail() {
  printf 'check: %s\n' "$1" >&2
  compose ps >&2 || true
  compose logs --no-color --tail=40 >&2 || true
  exit 1
}

free_ports() { python3 -c '
import socket, sys
taken = [socket.create_server(("127.0.0.1", 0)) for _ in range(int(sys.argv[1]))]
print(*[s.getsockname()[1] for s in taken])' "$1"; }

eventually() { # seconds, what, command: until it succeeds
  local until=$((SECONDS + $1)) what=$2
  shift 2
  until "$@"; do
    [ "$SECONDS" -lt "$until" ] || fail "waited in vain for $what"
    sleep 0.5
  done
}

docker version >/dev/null 2>&1 || { echo "check: no Docker engine answers: docker/engine.sh starts one" >&2; exit 1; }
read -r KEEPUP_PORT REGISTRY_PORT VS1_PORT VS2_PORT VS3_PORT PROMETHEUS_PORT GRAFANA_PORT <<<"$(free_ports 7)"
export KEEPUP_PORT REGISTRY_PORT VS1_PORT VS2_PORT VS3_PORT PROMETHEUS_PORT GRAFANA_PORT
page=http://127.0.0.1:$KEEPUP_PORT
prometheus=http://127.0.0.1:$PROMETHEUS_PORT

services=$(compose config --services)
[ -n "${GRAFANA_IMAGE:-}" ] || services=$(grep -v grafana <<<"$services")
trap 'compose down -v --remove-orphans -t 5 >/dev/null 2>&1' EXIT
# shellcheck disable=SC2086 # a list of words
compose up -d $services >/dev/null 2>&1 || fail "not everything came up"

echo "check: up after $SECONDS s"
first=$(compose ps -q first-volume)
first_volume_over() { [ "$(docker inspect -f '{{.State.Status}}' "$first")" = exited ]; }
eventually 300 "the end of first-volume" first_volume_over
[ "$(docker inspect -f '{{.State.ExitCode}}' "$first")" = 0 ] || fail "first-volume failed"

healthy() { curl -fsS "$page/api/volumes/vol-1" 2>/dev/null | grep -q '"mode":"publish_healthy"'; }
eventually 120 "vol-1 to be publish_healthy at $page" healthy
curl -fsS "$page/" | grep -q '<title>Keepup' || fail "there is no page at $page"
echo "check: a healthy volume and a page after $SECONDS s"

for service in streams-1 streams-2 vs-1 vs-2 vs-3; do
  state=$(docker inspect -f '{{.State.Health.Status}}' "$(compose ps -q $service)")
  [ "$state" = healthy ] || fail "$service is $state"
  [ "$(compose exec -T $service id -u | tr -d '\r')" != 0 ] || fail "$service runs as root"
done
[ "$(compose exec -T vs-2 keepup volume checksum vol-1 --at vs-2:8080)" = "$(compose exec -T vs-2 keepup volume checksum vol-1 --at vs-1:8080)" ] ||
  fail "the copies of vs-1 and vs-2 differ"
compose exec -T streams-2 keepup topics check >/dev/null || fail "the topics are not as they should be"

query() { curl -fsS --get "$prometheus/api/v1/query" --data-urlencode "query=$1" 2>/dev/null |
  python3 -c 'import json, sys; print(*[r["value"][1] for r in json.load(sys.stdin)["data"]["result"]])'; }
scraped() { [ "$(query 'sum(up)')" = 5 ] && [ "$(query 'keepup_volumes{mode="publish_healthy"}')" = "1 1" ] &&
  [ "$(query 'sum(keepup_node_volumes)')" = 3 ]; }
eventually 120 "Prometheus to have all five targets and their metrics" scraped
echo "check: all of it after $SECONDS s"
