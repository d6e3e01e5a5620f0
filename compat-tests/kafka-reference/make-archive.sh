#!/bin/bash
# Makes the archive of classes with which Apache Kafka starts in half the time (KAFKA_QUICK=1): one start and stop of it.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
port=$((20000 + RANDOM % 6000))
cat >"$folder/server.properties" <<PROPERTIES
process.roles=broker,controller
node.id=1
listeners=PLAINTEXT://127.0.0.1:$port,CONTROLLER://127.0.0.1:$((port + 6000))
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
controller.listener.names=CONTROLLER
controller.quorum.voters=1@127.0.0.1:$((port + 6000))
log.dirs=$folder/data
PROPERTIES
KAFKA_QUICK=archive "$here/broker.sh" "$folder/server.properties" >"$folder/output" 2>&1 &
kafka=$!
for ((i = 0; i < 300; i++)); do
  if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then break; fi
  kill -0 "$kafka" 2>/dev/null || { tail -n 20 "$folder/output"; exit 1; }
  sleep 0.2
done
kill "$kafka"
wait "$kafka" || true # 143: ended as it was told to
