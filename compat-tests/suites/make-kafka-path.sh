#!/bin/bash
# make-kafka-path.sh OUT: what test suites call KAFKA_PATH: Kafka's command-line tools as OUT/bin/kafka-*.sh; and for suites that
# bring Java classes of their own, OUT/libs with the jar that they are compiled with and OUT/bin/kafka-run-class.sh.
set -euo pipefail
cache=${GRETE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/grete}
mkdir -p "$1/bin"
tools=org.apache.kafka.tools
while read -r name class; do
  printf '#!/bin/sh\nexec java -Xmx512m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -cp "%s/kafka-reference/lib/*" %s "$@"\n' "$cache" "$class" >"$1/bin/$name.sh"
done <<LIST
kafka-topics $tools.TopicCommand
kafka-configs kafka.admin.ConfigCommand
kafka-acls $tools.AclCommand
kafka-groups $tools.GroupsCommand
kafka-consumer-groups $tools.consumer.group.ConsumerGroupCommand
kafka-share-groups $tools.consumer.group.ShareGroupCommand
kafka-streams-groups $tools.streams.StreamsGroupCommand
kafka-console-producer $tools.ConsoleProducer
kafka-console-consumer $tools.consumer.ConsoleConsumer
kafka-console-share-consumer $tools.consumer.ConsoleShareConsumer
kafka-producer-perf-test $tools.ProducerPerformance
kafka-consumer-perf-test $tools.ConsumerPerformance
kafka-e2e-latency $tools.EndToEndLatency
kafka-get-offsets $tools.GetOffsetShell
kafka-delete-records $tools.DeleteRecordsCommand
kafka-log-dirs $tools.LogDirsCommand
kafka-transactions $tools.TransactionsCommand
kafka-leader-election $tools.LeaderElectionCommand
kafka-reassign-partitions $tools.reassign.ReassignPartitionsCommand
kafka-metadata-quorum $tools.MetadataQuorumCommand
kafka-features $tools.FeatureCommand
kafka-cluster $tools.ClusterTool
kafka-broker-api-versions $tools.BrokerApiVersionsCommand
kafka-verifiable-producer $tools.VerifiableProducer
kafka-verifiable-consumer $tools.VerifiableConsumer
kafka-dump-log $tools.DumpLogSegments
kafka-storage kafka.tools.StorageTool
LIST
printf '#!/bin/sh\nexec java -Xmx512m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -cp "$CLASSPATH:%s/kafka-reference/lib/*" "$@"\n' "$cache" >"$1/bin/kafka-run-class.sh"
chmod +x "$1"/bin/*.sh
# Not the jar of tests, which has the same beginning.
mkdir -p "$1/libs"
for jar in "$cache"/kafka-reference/lib/kafka-clients-*[0-9].jar; do ln -sf "$jar" "$1/libs/"; done
