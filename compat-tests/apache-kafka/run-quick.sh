#!/bin/bash
# Those of Apache Kafka's own tests that a change is tried on: of groups `core` and `requests` and of some classes of the others
# what the control passes, but the exceptions of exceptions.tsv. Two runs side by side, each test with a broker of its own.
#   run-quick.sh [all|CLASS…]   all: every class of all four groups. Fails when a test that the control passes failed or did not run; its
#                               last line is "N passed, N failed, …". BROKER_CMD: the broker (default: ours, as Kafka's tests want it)
# EXCEPTED=1 runs the exceptions instead, to see which of them have become needless.
set -euo pipefail
cd "$(dirname "$0")"
export BROKER_CMD=${BROKER_CMD:-node dist/grete.js start --set replication.factor.strict=true} BROKER_FEWER=1
# Of the groups `server` and `tools`, where most group commands take long.
quick=(org.apache.kafka.server.log.LogAppendTimeTest org.apache.kafka.tools.{GetOffsetShellTest,TopicCommandTest,DeleteRecordsCommandTest,ClusterToolTest}
  org.apache.kafka.tools.consumer.group.Delete{ConsumerGroupsTest,OffsetsConsumerGroupCommandIntegrationTest})
mkdir -p target/quick
rm -f target/quick/*

# control/*.tsv → target/quick/wanted.tsv, in the control's form
wanted() { awk -F'\t' '$1 == "PASS"' control/*.tsv | sort -t$'\t' -k3,3 -u; }
is_excepted() { # keeps the lines whose test is excepted, or with "not" the others
  awk -F'\t' -v keep="${1:-}" 'NR == FNR { if ($0 !~ /^#/) beginnings[$1]; next }
    { hit = 0; for (b in beginnings) if (index($3, b) == 1) hit = 1; if (keep == "not" ? !hit : hit) print }' exceptions.tsv -
}
of_classes() { awk -F'\t' -v classes="$*" 'BEGIN { n = split(classes, list, " ") }
  { for (i = 1; i <= n; i++) if (index($3, list[i] ".") == 1) { print; next } }'; }

case "$*" in
  '') classes=("${quick[@]}" $(cat classes/core.txt classes/requests.txt | grep -v '^#')) ;;
  all) classes=($(cat classes/*.txt | grep -v '^#')) ;;
  *) classes=("$@") ;;
esac
wanted | of_classes "${classes[@]}" | is_excepted "$([ -n "${EXCEPTED:-}" ] || echo not)" >target/quick/wanted.tsv
sed -E 's/^[^\t]*\t[^\t]*\t([^\t]*).*/\1/; s/(\[[0-9]+\])+$//; s/\.([^.]+)$/#\1/' target/quick/wanted.tsv | sort -u >target/quick/tests

# Tests of a class take about as long, whichever class: in turns, to two runs.
awk 'NR % 2' target/quick/tests >target/quick/tests-1
awk 'NR % 2 == 0' target/quick/tests >target/quick/tests-2
pids=()
for half in 1 2; do
  [ -s target/quick/tests-$half ] || continue
  RESULTS=$PWD/target/quick/run-$half.tsv ./run.sh $(cat target/quick/tests-$half) >target/quick/output-$half &
  pids+=($!)
done
for pid in "${pids[@]}"; do wait "$pid" || true; done # what it says is in its results
cat target/quick/run-*.tsv | awk -F'\t' 'NF >= 3' >target/quick/run.tsv

./run.sh compare target/quick/wanted.tsv target/quick/run.tsv | tee target/quick/compared | grep -v '^passed-of' || true
awk '/^passed-of/ { passed = $2; all = $4; print passed " passed, " all - passed " failed (of what Apache Kafka passes); logs: compat-tests/apache-kafka/target/quick"; exit passed != all || all == 0 }' target/quick/compared
