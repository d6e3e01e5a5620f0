#!/bin/bash
# librdkafka's own regression tests (BSD-2-Clause) on a running broker. Their sources come inside the npm package of
# @confluentinc/kafka-javascript; the first run builds them, which takes some minutes.
#   librdkafka.sh HOST:PORT [quick|TEST…]     e.g. … 127.0.0.1:9092 0012 0103; else those of librdkafka-tests.txt, quick: of its quick lines
# TEST_CONSUMER_GROUP_PROTOCOL=consumer, TEST_KAFKA_VERSION (4.0.0), LIMIT_S of a test (180), QUICK= (empty: full size).
# A line for each test; its output is in GRETE_CACHE/librdkafka/log-PROTOCOL. The last line: N passed, N failed, N skipped.
set -uo pipefail
. "$(dirname "$0")/../setup/part.sh"
address=$1; shift
folder=$GRETE_CACHE/librdkafka
package=$GRETE_CACHE/npm/node_modules/@confluentinc/kafka-javascript
protocol=${TEST_CONSUMER_GROUP_PROTOCOL:-classic}
# kafka-topics.sh and kafka-acls.sh, which some of the tests call, and what compiles and runs their Java clients.
export KAFKA_PATH=$GRETE_CACHE/librdkafka-kafka-path
(
  set -e
  # Without RapidJSON those of a consumer in transactions, and of statistics, skip themselves.
  part librdkafka-suite "$package/package.json" 'with RapidJSON and Java' "$setup_folder/../suites/make-kafka-path.sh"
  "$setup_folder/../suites/make-kafka-path.sh" "$KAFKA_PATH"
  rm -rf "$folder"; cp -r "$package/deps/librdkafka/." "$folder"; cd "$folder"
  { ./configure; make -j2 -C src; make -j2 -C src-cpp; make -j2 -C tests build; make -C tests java; } >>"$part_log" 2>&1
  part_done
)
[ $? = 0 ] || exit 2
logs=$folder/log-$protocol
mkdir -p "$logs"
list=$setup_folder/../suites/librdkafka-tests.txt
if [ "${1:-}" = quick ]; then tests=$(sed -n 's/#.*//; s/^quick://p' "$list")
elif [ $# != 0 ]; then tests=$*
else tests=$(sed 's/#.*//; s/^[a-z]*://' "$list"); fi
export LD_LIBRARY_PATH=$folder/src:$folder/src-cpp
export RDKAFKA_TEST_CONF=$logs/test.conf TEST_KAFKA_VERSION=${TEST_KAFKA_VERSION:-4.0.0}
printf 'bootstrap.servers=%s\ntest.topic.random=true\n' "$address" >"$RDKAFKA_TEST_CONF"
cd "$folder/tests"
passed=0 failed=0 skipped=0
for test in $tests; do
  log=$logs/$test
  began=$SECONDS
  TESTS=$test timeout -k 5 "${LIMIT_S:-180}" ./test-runner -p1 ${QUICK--Q} -S -s default >"$log" 2>&1
  code=$?
  if [ $code != 0 ]; then
    failed=$((failed + 1)); result="FAIL ($code) $(grep -a -A1 '### Test' "$log" | head -2 | tr '\n' ' ' | cut -c1-200)"
  elif grep -qa 'SKIPPING TEST' "$log" && ! grep -qa 'Created  *kafka instance' "$log"; then
    skipped=$((skipped + 1)); result=skipped
  else
    passed=$((passed + 1)); result=passed
  fi
  echo "$protocol $test $result, $((SECONDS - began)) s"
done
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ]
