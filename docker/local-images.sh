#!/usr/bin/env bash
# Builds stand-ins for the images of compose.yml and of the tests where none can be pulled, and Keepup's own image on them:
# Debian's packages, this machine's JDK, and jars from the Maven repository, all of the versions that the real images have.
# Prints what to export; compose.yml and the tests use these images then. Needs an engine: docker/engine.sh.
#   docker/local-images.sh [DIR]     DIR keeps what the images are made of (default: docker/target)
set -euo pipefail
cd "$(dirname "$0")/.."
work=${1:-docker/target}
mkdir -p "$work"
work=$(cd "$work" && pwd)

fail() {
  printf 'local-images: %s\n' "$1" >&2
  exit 1
}

jdk() { # the newest JDK of 21 or more with jlink
  local home version best=0
  for home in "${JAVA_HOME:-}" /usr/lib/jvm/*; do
    [ -x "$home/bin/jlink" ] && [ -r "$home/release" ] || continue
    version=$(sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$home/release")
    if [ "${version:-0}" -gt "$best" ]; then best=$version found=$home; fi
  done
  [ "$best" -ge 21 ] || fail "a JDK 21 or newer with jlink is needed and none was found: install one, or set JAVA_HOME"
  echo "$found"
}

debian() { # unpacks packages of Debian into a tree, without what they depend on
  local tree=$1 into=$work/deb
  shift
  mkdir -p "$into" "$tree"
  (cd "$into" && apt-get download -qq "$@" 2>/dev/null) || fail "cannot fetch Debian's $*: run apt-get update"
  for package in "$@"; do dpkg-deb -x "$into/$package"_*.deb "$tree"; done
}

build() { # name, context, more
  local name=$1 context=$2
  shift 2
  docker build -q -t "$name" --build-arg "JRE_IMAGE=$jre" "$@" "$context" >"$work/build.log" 2>&1 ||
    fail "$name cannot be built: $(tail -5 "$work/build.log")"
}

version() { sed -n "s:.*<$1.version>\(.*\)</$1.version>.*:\1:p" pom.xml; }

jre=keepup-local/jre:$(basename "$(jdk)")
kafka=keepup-local/kafka:$(version kafka)
registry=keepup-local/apicurio-registry:$(version apicurio)
prometheus=keepup-local/prometheus:debian
keepup=keepup-local/keepup:latest

./keepup --version >&2
lib=cli/target/keepup/lib

if ! docker image inspect "$jre" >/dev/null 2>&1; then
  tree=$work/jre
  rm -rf "$tree"
  debian "$tree" busybox-static bash libc6 libtinfo6 zlib1g libgcc-s1 libstdc++6
  mkdir -p "$tree"/{tmp,etc,proc,sys,dev,usr/local/bin,opt}
  chmod 1777 "$tree/tmp"
  for applet in $(busybox --list 2>/dev/null || "$tree/bin/busybox" --list); do
    [ -e "$tree/bin/$applet" ] || ln -s busybox "$tree/bin/$applet"
  done
  mkdir -p "$tree/usr/bin" && ln -sf /bin/env "$tree/usr/bin/env"
  "$(jdk)/bin/jlink" --output "$tree/opt/java" --strip-debug --no-header-files --no-man-pages --compress zip-2 \
    --add-modules java.se,jdk.crypto.ec,jdk.unsupported,jdk.management,jdk.net,jdk.zipfs,jdk.security.auth,jdk.naming.dns,jdk.jfr
  tar -C "$tree" --numeric-owner --owner=0 --group=0 -cf - . |
    docker import -c 'ENV PATH=/opt/java/bin:/usr/local/bin:/usr/bin:/bin' -c 'ENV JAVA_HOME=/opt/java' - "$jre" >/dev/null
  rm -rf "$tree"
fi

context=$work/kafka
rm -rf "$context"
mkdir -p "$context/lib"
cp docker/local/kafka/* "$context" 2>/dev/null || true
# The broker that the build resolved for `keepup up`, without what is ours.
find "$lib" -name '*.jar' ! -name '*-SNAPSHOT.jar' -exec ln {} "$context/lib" \;
build "$kafka" "$context"

if ! docker image inspect "$registry" >/dev/null 2>&1; then
  context=$work/registry
  rm -rf "$context"
  mkdir -p "$context/app"
  cp docker/local/registry/Dockerfile "$context"
  artifact=io.apicurio:apicurio-registry-app:$(version apicurio):tar.gz:all
  mvn -q -B dependency:copy -Dartifact="$artifact" -DoutputDirectory="$context/fetched" -Dmdep.useBaseVersion=true -N >"$work/build.log" 2>&1 ||
    fail "cannot fetch $artifact: $(tail -5 "$work/build.log")"
  tar -C "$context/app" -xzf "$context"/fetched/*.tar.gz
  rm -rf "$context/fetched"
  build "$registry" "$context"
fi

if ! docker image inspect "$prometheus" >/dev/null 2>&1; then
  context=$work/prometheus
  rm -rf "$context"
  mkdir -p "$context"
  debian "$context/tree" prometheus
  cp "$context/tree/usr/bin/prometheus" docker/local/prometheus/Dockerfile "$context"
  build "$prometheus" "$context"
fi

build "$keepup" . -f docker/Dockerfile

cat <<ENV
export JRE_IMAGE=$jre
export KAFKA_IMAGE=$kafka
export REGISTRY_IMAGE=$registry
export PROMETHEUS_IMAGE=$prometheus
export KEEPUP_IMAGE=$keepup
ENV
