import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.StringDeserializer;

/** All that clients see of a broker, so that what one broker left can be compared with what the next one finds. */
final class DirectoryReader {
    /** Looked up by time: this many of a partition's records, and a time behind its last. */
    private static final int LOOKUPS = 6;

    private final String address;

    DirectoryReader(String address) {
        this.address = address;
    }

    ObjectNode describe() throws Exception {
        ObjectNode state = DirectoryDriver.JSON.createObjectNode();
        try (Admin admin = Admin.create(Map.<String, Object>of("bootstrap.servers", address))) {
            state.put("clusterId", admin.describeCluster().clusterId().get());
            ObjectNode features = state.putObject("features");
            new TreeMap<>(admin.describeFeatures().featureMetadata().get().finalizedFeatures())
                .forEach((name, range) -> features.put(name, range.maxVersionLevel()));
            Map<String, TopicDescription> topics =
                new TreeMap<>(admin.describeTopics(new TreeSet<>(admin.listTopics().names().get())).allTopicNames().get());
            topics(admin, topics, state.putObject("topics"));
            List<TopicPartition> partitions = topics.entrySet().stream()
                .flatMap(one -> one.getValue().partitions().stream().map(info -> new TopicPartition(one.getKey(), info.partition())))
                .collect(Collectors.toList());
            logs(admin, partitions, state.putObject("logs"));
            ObjectNode directories = state.putObject("directories");
            admin.describeLogDirs(List.of(1)).allDescriptions().get().get(1).forEach((path, directory) -> directory.replicaInfos().keySet()
                .stream().filter(partition -> topics.containsKey(partition.topic())).forEach(partition -> directories.put(partition.toString(), path)));
            groups(admin, state.putObject("groups"));
            ObjectNode transactions = state.putObject("transactions");
            List<String> ids = admin.listTransactions().all().get().stream().map(one -> one.transactionalId()).sorted().collect(Collectors.toList());
            new TreeMap<>(admin.describeTransactions(ids).all().get()).forEach((id, one) -> transactions.put(id,
                one.state() + " " + one.producerId() + "/" + one.producerEpoch() + " since " + one.transactionStartTimeMs()
                    + " on " + one.topicPartitions().stream().map(TopicPartition::toString).sorted().collect(Collectors.toList())));
            unused(admin, state.putObject("kept"));
        }
        return state;
    }

    private static void topics(Admin admin, Map<String, TopicDescription> topics, ObjectNode to) throws Exception {
        List<ConfigResource> resources = topics.keySet().stream()
            .map(name -> new ConfigResource(ConfigResource.Type.TOPIC, name)).collect(Collectors.toList());
        admin.describeConfigs(resources).all().get().entrySet().stream()
            .sorted(Comparator.comparing(one -> one.getKey().name())).forEach(one -> {
                ObjectNode topic = to.putObject(one.getKey().name());
                TopicDescription description = topics.get(one.getKey().name());
                topic.put("id", description.topicId().toString());
                topic.put("partitions", description.partitions().stream()
                    .map(info -> info.partition() + ": leader " + info.leader().id() + " isr " + info.isr().size()).collect(Collectors.joining(", ")));
                ObjectNode configs = topic.putObject("configs");
                one.getValue().entries().stream().filter(entry -> entry.source() == ConfigEntry.ConfigSource.DYNAMIC_TOPIC_CONFIG)
                    .sorted(Comparator.comparing(ConfigEntry::name)).forEach(entry -> configs.put(entry.name(), entry.value()));
            });
    }

    private void logs(Admin admin, List<TopicPartition> partitions, ObjectNode to) throws Exception {
        Map<TopicPartition, List<ConsumerRecord<String, String>>> records = new HashMap<>();
        partitions.forEach(partition -> {
            to.putObject(partition.toString());
            records.put(partition, new ArrayList<>());
        });
        try (KafkaConsumer<String, String> consumer = consumer("read_committed")) {
            readAll(consumer, partitions, "stable", to, records);
            records.forEach((partition, list) -> {
                ArrayNode committed = ((ObjectNode) to.get(partition.toString())).putArray("committed");
                list.forEach(one -> committed.add(one.offset()));
                list.clear();
            });
        }
        try (KafkaConsumer<String, String> consumer = consumer("read_uncommitted")) {
            consumer.beginningOffsets(partitions).forEach((partition, offset) -> ((ObjectNode) to.get(partition.toString())).put("start", offset));
            readAll(consumer, partitions, "end", to, records);
            records.forEach((partition, list) -> {
                ArrayNode all = ((ObjectNode) to.get(partition.toString())).putArray("records");
                list.forEach(one -> all.add(text(one)));
            });
            lookUpTimes(consumer, records, to);
        }
        admin.describeProducers(partitions).all().get().forEach((partition, producers) -> {
            ArrayNode all = ((ObjectNode) to.get(partition.toString())).putArray("producers");
            producers.activeProducers().stream().sorted(Comparator.comparing(one -> one.producerId())).forEach(one ->
                all.add(one.producerId() + "/" + one.producerEpoch() + " sequence " + one.lastSequence() + " at " + one.lastTimestamp()
                    + " coordinator " + one.coordinatorEpoch().orElse(-1) + " transaction " + one.currentTransactionStartOffset().orElse(-1)));
        });
    }

    private static void readAll(KafkaConsumer<String, String> consumer, List<TopicPartition> partitions, String endName, ObjectNode to,
                                Map<TopicPartition, List<ConsumerRecord<String, String>>> records) {
        Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
        ends.forEach((partition, offset) -> ((ObjectNode) to.get(partition.toString())).put(endName, offset));
        consumer.assign(partitions);
        consumer.seekToBeginning(partitions);
        long limit = System.currentTimeMillis() + 60_000;
        while (ends.entrySet().stream().anyMatch(one -> consumer.position(one.getKey()) < one.getValue())) {
            if (System.currentTimeMillis() > limit) throw new IllegalStateException("cannot be read to the end: " + ends.keySet().stream()
                .filter(one -> consumer.position(one) < ends.get(one)).map(one -> one + " at " + consumer.position(one)).collect(Collectors.toList()));
            consumer.poll(Duration.ofMillis(100)).forEach(one -> {
                TopicPartition partition = new TopicPartition(one.topic(), one.partition());
                if (one.offset() < ends.get(partition)) records.get(partition).add(one);
            });
        }
    }

    private static void lookUpTimes(KafkaConsumer<String, String> consumer,
                                    Map<TopicPartition, List<ConsumerRecord<String, String>>> records, ObjectNode to) {
        for (int i = 0; i <= LOOKUPS; i++) {
            Map<TopicPartition, Long> times = new HashMap<>();
            for (Map.Entry<TopicPartition, List<ConsumerRecord<String, String>>> one : records.entrySet()) {
                List<ConsumerRecord<String, String>> list = one.getValue();
                if (list.isEmpty()) continue;
                long time = i == LOOKUPS ? Long.MAX_VALUE / 2 : list.get(i * (list.size() - 1) / (LOOKUPS - 1)).timestamp() - (i % 2);
                times.put(one.getKey(), time);
            }
            Map<TopicPartition, OffsetAndTimestamp> found = consumer.offsetsForTimes(times);
            times.forEach((partition, time) -> {
                OffsetAndTimestamp at = found.get(partition);
                ((ObjectNode) to.get(partition.toString())).withObject("/times").put(String.valueOf(time),
                    at == null ? "none" : at.offset() + " at " + at.timestamp() + " epoch " + at.leaderEpoch().orElse(-1));
            });
        }
    }

    private static void groups(Admin admin, ObjectNode to) throws Exception {
        Map<String, String> kinds = new TreeMap<>();
        admin.listGroups().all().get().forEach(one -> kinds.put(one.groupId(),
            one.type().map(Object::toString).orElse("") + " " + one.groupState().map(Object::toString).orElse("")));
        Map<String, ListConsumerGroupOffsetsSpec> specs = kinds.keySet().stream()
            .collect(Collectors.toMap(id -> id, id -> new ListConsumerGroupOffsetsSpec()));
        var offsets = admin.listConsumerGroupOffsets(specs);
        for (Map.Entry<String, String> one : kinds.entrySet()) {
            ObjectNode group = to.putObject(one.getKey()).put("kind", one.getValue());
            ObjectNode committed = group.putObject("offsets");
            offsets.partitionsToOffsetAndMetadata(one.getKey()).get().entrySet().stream()
                .sorted(Comparator.comparing(entry -> entry.getKey().toString())).forEach(entry -> committed.put(entry.getKey().toString(),
                    entry.getValue() == null ? "none" : entry.getValue().offset() + " epoch " + entry.getValue().leaderEpoch().orElse(-1)
                        + " " + entry.getValue().metadata()));
        }
    }

    /** What a broker need not offer to its clients, but has to keep; null where it does not answer. */
    private static void unused(Admin admin, ObjectNode to) {
        to.put("quotas", orNull(() -> new TreeMap<>(admin.describeClientQuotas(
            org.apache.kafka.common.quota.ClientQuotaFilter.all()).entities().get().entrySet().stream()
            .collect(Collectors.toMap(one -> one.getKey().entries().toString(), one -> one.getValue().toString()))).toString()));
        to.put("scram", orNull(() -> new TreeMap<>(admin.describeUserScramCredentials().all().get()).toString()));
        to.put("resources", orNull(() -> admin.listConfigResources().all().get().stream()
            .filter(one -> one.type() == ConfigResource.Type.CLIENT_METRICS || one.type() == ConfigResource.Type.GROUP)
            .map(ConfigResource::toString).sorted().collect(Collectors.toList()).toString()));
        to.put("brokerConfigs", orNull(() -> admin.describeConfigs(List.of(new ConfigResource(ConfigResource.Type.BROKER, ""))).all().get()
            .values().iterator().next().entries().stream().filter(one -> one.source() == ConfigEntry.ConfigSource.DYNAMIC_DEFAULT_BROKER_CONFIG)
            .map(one -> one.name() + "=" + one.value()).sorted().collect(Collectors.toList()).toString()));
    }

    private interface Question {
        String ask() throws Exception;
    }

    private static String orNull(Question question) {
        try {
            return question.ask();
        } catch (Exception e) {
            return null;
        }
    }

    private KafkaConsumer<String, String> consumer(String isolation) {
        return new KafkaConsumer<>(Map.of("bootstrap.servers", address, "isolation.level", isolation, "enable.auto.commit", false,
            "max.poll.records", 10_000), new StringDeserializer(), new StringDeserializer());
    }

    /** The records of internal topics are binary: their sizes and hashes do. */
    private static String text(ConsumerRecord<String, String> one) {
        StringBuilder headers = new StringBuilder();
        for (Header header : one.headers()) headers.append(header.key()).append('=').append(new String(header.value())).append(' ');
        String value = one.value() == null ? "null" : one.value().length() < 40 && !one.topic().startsWith("__") ? one.value() : "#" + one.value().hashCode();
        String key = one.key() == null ? "null" : one.topic().startsWith("__") ? "#" + one.key().hashCode() : one.key();
        return one.offset() + " " + one.timestampType().id + "@" + one.timestamp() + " epoch " + one.leaderEpoch().orElse(-1)
            + " " + headers + key + " " + value;
    }
}
