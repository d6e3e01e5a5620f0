#!/bin/bash
# librdkafka's own regression tests (BSD-2-Clause) on a running broker. Their sources come inside the npm package of
# @confluentinc/kafka-javascript; the first run builds them, which takes some minutes.
#   librdkafka.sh HOST:PORT [TEST…]     e.g. … 127.0.0.1:9092 0012 0103; without TEST those of librdkafka-tests.txt
# TEST_CONSUMER_GROUP_PROTOCOL=consumer, TEST_KAFKA_VERSION (4.0.0), LIMIT_S of a test (180), QUICK= (empty: full size).
# A line for each test; its output is in GRETE_CACHE/librdkafka/log. The last line: N passed, N failed, N skipped.
set -uo pipefail
. "$(dirname "$0")/../setup/part.sh"
address=$1; shift
folder=$GRETE_CACHE/librdkafka
if [ ! -x "$folder/tests/test-runner" ]; then
  source=$GRETE_CACHE/npm/node_modules/@confluentinc/kafka-javascript/deps/librdkafka
  mkdir -p "$folder" && cp -r "$source/." "$folder" && mkdir -p "$folder/log"
  (cd "$folder" && { [ -f Makefile.config ] || ./configure; } && make -C src && make -C src-cpp && make -j2 -C tests build) \
    >"$folder/log/build" 2>&1 || { tail -n 15 "$folder/log/build"; exit 2; }
fi
mkdir -p "$folder/log"
if [ $# != 0 ]; then tests=$*; else tests=$(sed 's/#.*//' "$setup_folder/../suites/librdkafka-tests.txt"); fi
# kafka-topics.sh and kafka-acls.sh, which some of the tests call.
"$setup_folder/../suites/make-kafka-path.sh" "$folder/kafka-path"
export KAFKA_PATH=$folder/kafka-path LD_LIBRARY_PATH=$folder/src:$folder/src-cpp
export RDKAFKA_TEST_CONF=$folder/log/test.conf TEST_KAFKA_VERSION=${TEST_KAFKA_VERSION:-4.0.0}
printf 'bootstrap.servers=%s\ntest.topic.random=true\n' "$address" >"$RDKAFKA_TEST_CONF"
cd "$folder/tests"
passed=0 failed=0 skipped=0
for test in $tests; do
  log=$folder/log/$test
  TESTS=$test timeout -k 5 "${LIMIT_S:-180}" ./test-runner -p1 ${QUICK--Q} -S -s default >"$log" 2>&1
  code=$?
  if [ $code != 0 ]; then
    failed=$((failed + 1)); result="FAIL ($code) $(grep -a -A1 '### Test' "$log" | head -2 | tr '\n' ' ' | cut -c1-200)"
  elif grep -qa 'SKIPPING TEST' "$log" && ! grep -qa 'Created  *kafka instance' "$log"; then
    skipped=$((skipped + 1)); result=skipped
  else
    passed=$((passed + 1)); result=passed
  fi
  echo "$test $result"
done
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ]
