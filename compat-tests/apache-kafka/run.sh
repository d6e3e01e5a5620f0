#!/bin/bash
# Apache Kafka's own integration tests on a broker process: README.md.
#   BROKER_CMD='…' ./run.sh GROUP…            core requests server tools (classes/GROUP.txt): the tests that the
#                                             control passes (control/GROUP.tsv); ALL=1: all of them
#   BROKER_CMD='…' ./run.sh CLASS|CLASS#METHOD…
#   ./run.sh compare CONTROL.tsv RUN.tsv      what the control passes and the run does not, and the score
set -euo pipefail
cd "$(dirname "$0")"
if [ "${1:-}" = compare ]; then
  awk -F'\t' 'NF < 3 { next }
    NR == FNR { if ($1 == "PASS") { want[$3]; y++ } next }
    $3 in want { seen[$3]; if ($1 == "PASS") x++; else print }
    END { for (t in want) if (!(t in seen)) print "NONE\t\t" t "\tnot in the run"
          print "passed-of-control-passes " x + 0 " / " y + 0 }' "$2" "$3"
  exit
fi
cache=${GRETE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/grete}/apache-kafka
mkdir -p target
tests=()
for a in "$@"; do
  if [ -z "${ALL:-}" ] && [ -f "control/$a.tsv" ]; then
    tests+=($(awk -F'\t' '$1 == "PASS" { print $3 }' "control/$a.tsv" | sed -E 's/(\[[0-9]+\])+$//; s/\.([^.]+)$/#\1/' | sort -u))
  elif [ -f "classes/$a.txt" ]; then tests+=($(grep -v '^#' "classes/$a.txt"))
  else tests+=("$a"); fi
done
name=$(IFS=+; echo "${*##*.}")
out=${RESULTS:-$PWD/target/${name:0:100}.tsv}
# Brokers are started from the checkout's root, as every command of the project.
cd ../..
exec timeout -k 10 "${LIMIT_S:-3000}" java -Xmx2g -XX:+UseSerialGC -XX:-PrintWarnings \
  -Dlog4j2.configurationFile=compat-tests/apache-kafka/src/main/resources/log4j2.properties \
  -cp "$cache/classes:$cache/lib/*" adapter.RunTests "$out" "${tests[@]}"
