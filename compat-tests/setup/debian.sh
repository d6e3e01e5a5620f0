#!/bin/bash
# Debian's packages: kcat, a JDK with Maven, a Go to begin with, the old Python clients, and what the addon of
# @confluentinc/kafka-javascript is compiled with. Packages that stand there already are not asked for again.
set -euo pipefail
. "$(dirname "$0")/part.sh"
part debian "$0"
wanted='kcat curl g++ make rapidjson-dev util-linux libssl-dev zlib1g-dev libzstd-dev libcurl4-openssl-dev libsasl2-dev liblz4-dev
  python3 python3-venv python3-kafka python3-confluent-kafka python3-lz4 python3-snappy python3-zstandard'
command -v javac >/dev/null || wanted="$wanted openjdk-17-jdk-headless"
command -v mvn >/dev/null || wanted="$wanted maven"
command -v go >/dev/null || wanted="$wanted golang-go"
missing=()
for name in $wanted; do
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || missing+=("$name")
done
if [ ${#missing[@]} != 0 ]; then
  as_root=; [ "$(id -u)" = 0 ] || as_root=sudo
  { $as_root apt-get update -qq &&
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"; } >>"$part_log" 2>&1
fi
part_done
