#!/bin/bash
# Runs Apache Kafka in the foreground on a server.properties, formatting its log.dirs when they are new: to compare with.
# KAFKA_QUICK=1: starts quickly rather than running fast, for tests; KAFKA_QUICK=archive makes, at its end, the archive
# of classes by which the next ones start in half the time. KAFKA_HEAP: heap options of Java.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cache=${GRETE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/grete}/kafka-reference
mode=(-XX:+UseG1GC)
archive=SharedArchiveFile; [ "${KAFKA_QUICK:-}" != archive ] || archive=ArchiveClassesAtExit
[ -z "${KAFKA_QUICK:-}" ] || mode=(-XX:+UseSerialGC -XX:TieredStopAtLevel=1 "-XX:$archive=$cache/classes.jsa")
exec java ${KAFKA_HEAP:--Xmx1g} -XX:-PrintWarnings "${mode[@]}" "-Dlog4j2.configurationFile=$here/log4j2.properties" \
  -cp "$cache/main.jar:$cache/lib/*" ApacheKafka "$1"
