#!/bin/bash
# make-kafka-path.sh OUT: Kafka's command-line tools as OUT/bin/kafka-*.sh, which is what test suites call KAFKA_PATH.
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
chmod +x "$1"/bin/*.sh
