#!/usr/bin/env bash
# A Docker engine of its own, for machines where none runs: Debian's docker.io, started by hand as root.
#   docker/engine.sh start DIR    starts it and prints what to export; everything it has is under DIR
#   docker/engine.sh stop DIR     stops it; DIR stays, and the next start has its images again
set -euo pipefail

fail() {
  printf 'engine: %s\n' "$1" >&2
  exit 1
}

running() { [ -S "$dir/docker.sock" ] && DOCKER_HOST=unix://$dir/docker.sock docker version >/dev/null 2>&1; }

need() { # command, Debian package
  command -v "$1" >/dev/null || missing+=("$2")
}

start() {
  local missing=() waited=0
  need dockerd docker.io
  need iptables iptables
  need docker-compose docker-compose
  if [ "${#missing[@]}" -gt 0 ]; then
    echo "engine: installing ${missing[*]}" >&2
    { apt-get update -qq && apt-get install -y -qq --no-install-recommends "${missing[@]}"; } >"$dir/install.log" 2>&1 ||
      fail "cannot install ${missing[*]}: $dir/install.log says why"
  fi
  if ! running; then
    dockerd --host "unix://$dir/docker.sock" --data-root "$dir/data" --exec-root "$dir/exec" --pidfile "$dir/dockerd.pid" \
      --log-level warn >"$dir/dockerd.log" 2>&1 &
    until running; do
      kill -0 $! 2>/dev/null || fail "dockerd ended; the end of $dir/dockerd.log: $(tail -3 "$dir/dockerd.log")"
      [ $((waited += 1)) -le 300 ] || fail "dockerd does not answer within a minute: see $dir/dockerd.log"
      sleep 0.2
    done
  fi
  # Ryuk would be pulled, and so would the image by which Testcontainers finds out its host's name.
  cat <<ENV
export DOCKER_HOST=unix://$dir/docker.sock
export TESTCONTAINERS_RYUK_DISABLED=true
export TESTCONTAINERS_HOST_OVERRIDE=127.0.0.1
ENV
}

stop() {
  [ -f "$dir/dockerd.pid" ] || return 0
  local pid
  pid=$(cat "$dir/dockerd.pid")
  kill "$pid" 2>/dev/null || return 0
  while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
}

[ $# -eq 2 ] || fail "usage: docker/engine.sh start|stop DIR"
mkdir -p "$2"
dir=$(cd "$2" && pwd)
case $1 in
  start) start ;;
  stop) stop ;;
  *) fail "usage: docker/engine.sh start|stop DIR" ;;
esac
