#!/usr/bin/env bash
# Prints partition, offset, key, size, schema id and headers of each record of a topic, to its end. kcat needs no Avro for that:
# values begin with a byte 0 and the schema id, which it prints one after the other.
#
#   read.sh TOPIC [BOOTSTRAP]
set -euo pipefail
topic=${1:?usage: read.sh TOPIC [BOOTSTRAP]}
kcat -C -b "${2:-127.0.0.1:9092}" -t "$topic" -o beginning -e -q -X isolation.level=read_committed \
  -s value='>bI' -f 'partition=%p offset=%o key=%k bytes=%S schema=%s headers=%h\n' |
  sed -E 's/( bytes=[0-9]+ schema=)0/\1/'
