import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.admin.ScramCredentialInfo;
import org.apache.kafka.clients.admin.ScramMechanism;
import org.apache.kafka.clients.admin.UserScramCredentialUpsertion;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.errors.UnsupportedVersionException;
import org.apache.kafka.common.quota.ClientQuotaAlteration;
import org.apache.kafka.common.quota.ClientQuotaEntity;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** Fills a data directory with one of everything, under names of its phase, and goes on with what earlier phases left. */
final class DirectoryWriter {
    private static final String[] CODECS = {"none", "gzip", "snappy", "lz4", "zstd"};
    private static final Map<String, String> KEPT = Map.of("segment.ms", "60000", "retention.ms", "-1");

    private final String address;
    /** Rounds lie two minutes of record time apart, so that with segment.ms=60000 each begins a segment. */
    private final long firstTimestamp = System.currentTimeMillis() - 12 * 3600_000L;
    private final Map<String, KafkaProducer<String, String>> held = new HashMap<>();
    private final List<String> phases = new ArrayList<>();
    private final List<Future<RecordMetadata>> sent = new ArrayList<>();
    private ArrayNode acknowledged;
    private int round;

    DirectoryWriter(String address) {
        this.address = address;
    }

    /** New topics, groups and producers; `acknowledged`: topic, partition, offset and value of all that was written and not aborted. */
    ObjectNode begin(String phase) throws Exception {
        acknowledged = DirectoryDriver.JSON.createArrayNode();
        try (Admin admin = Admin.create(Map.<String, Object>of("bootstrap.servers", address))) {
            createTopics(admin, phase);
            plain(phase);
            codecs(phase);
            large(phase);
            compacted(phase);
            transactions(phase);
            started(admin, phase);
            again(admin, phase);
            groups(phase);
            settings(admin, phase);
        }
        phases.add(phase);
        return DirectoryDriver.JSON.createObjectNode().set("acknowledged", acknowledged);
    }

    /** Appends, commits, ends transactions and changes topics of the phases before this one, by the producers that began there. */
    ObjectNode goOn(String phase) throws Exception {
        acknowledged = DirectoryDriver.JSON.createArrayNode();
        try (Admin admin = Admin.create(Map.<String, Object>of("bootstrap.servers", address))) {
            for (String earlier : phases) {
                nextRound();
                for (int partition = 0; partition < 3; partition++) write(held.get("plain-" + earlier), "plain-" + earlier, partition, 5);
                acknowledge("plain-" + earlier);
                compacted(earlier);
                endOpenTransaction(earlier);
                abort("aborting-" + earlier, "transactions-" + earlier);
                beginOpenTransaction(earlier);
                commitAssigned("assigned-" + earlier, "plain-" + earlier, 20 + phases.size());
                changeTopics(admin, earlier);
            }
        }
        return DirectoryDriver.JSON.createObjectNode().set("acknowledged", acknowledged);
    }

    private void createTopics(Admin admin, String phase) throws Exception {
        Map<String, String> large = Map.of("segment.bytes", "1048576", "index.interval.bytes", "1024", "retention.ms", "-1");
        Map<String, String> compacted = Map.of("cleanup.policy", "compact", "segment.ms", "60000", "min.cleanable.dirty.ratio", "0.01");
        Map<String, String> stamped = Map.of("message.timestamp.type", "LogAppendTime", "max.message.bytes", "2000000");
        admin.createTopics(List.of(
            new NewTopic("plain-" + phase, 3, (short) 1).configs(KEPT),
            new NewTopic("codecs-" + phase, CODECS.length, (short) 1).configs(KEPT),
            new NewTopic("large-" + phase, 1, (short) 1).configs(large),
            new NewTopic("compacted-" + phase, 2, (short) 1).configs(compacted),
            new NewTopic("transactions-" + phase, 2, (short) 1).configs(KEPT),
            new NewTopic("started-" + phase, 1, (short) 1).configs(KEPT),
            new NewTopic("stamped-" + phase, 1, (short) 1).configs(stamped),
            new NewTopic("again-" + phase, 1, (short) 1).configs(KEPT),
            new NewTopic("doomed-" + phase, 1, (short) 1),
            new NewTopic("empty-" + phase, 2, (short) 1))).all().get();
    }

    /** An idempotent producer that stays: its sequence goes on with the next broker. */
    private void plain(String phase) throws Exception {
        KafkaProducer<String, String> producer = producer(Map.of());
        held.put("plain-" + phase, producer);
        for (int i = 0; i < 5; i++) {
            nextRound();
            for (int partition = 0; partition < 3; partition++) write(producer, "plain-" + phase, partition, 10);
            acknowledge("plain-" + phase);
        }
        write(producer, "stamped-" + phase, 0, 10);
        write(producer, "doomed-" + phase, 0, 10);
        producer.flush();
        sent.clear();
    }

    private void codecs(String phase) throws Exception {
        for (int i = 0; i < CODECS.length; i++) {
            try (KafkaProducer<String, String> producer = producer(Map.of("compression.type", CODECS[i]))) {
                for (int j = 0; j < 3; j++) {
                    nextRound();
                    write(producer, "codecs-" + phase, i, 20);
                    acknowledge("codecs-" + phase);
                }
            }
        }
    }

    /** Three megabytes in small batches: several segments by size, with many index entries. */
    private void large(String phase) throws Exception {
        Random random = new Random(phase.hashCode());
        nextRound();
        try (KafkaProducer<String, String> producer = producer(Map.of("batch.size", 8192))) {
            for (int i = 0; i < 3000; i++) {
                StringBuilder value = new StringBuilder(1000);
                while (value.length() < 1000) value.append((char) ('a' + random.nextInt(26)));
                sent.add(producer.send(new ProducerRecord<>("large-" + phase, 0, now() + i, "key-" + i, value.toString())));
            }
            producer.flush();
            for (Future<RecordMetadata> one : sent) one.get();
            sent.clear();
        }
    }

    /** The same keys in each round, two of them deleted in between. */
    private void compacted(String phase) throws Exception {
        try (KafkaProducer<String, String> producer = producer(Map.of())) {
            for (int i = 0; i < 4; i++) {
                nextRound();
                for (int key = 0; key < 10; key++) {
                    for (int partition = 0; partition < 2; partition++) {
                        String value = i == 2 && key < 2 ? null : "value-" + round + "-" + key;
                        producer.send(new ProducerRecord<>("compacted-" + phase, partition, now(), "key-" + key, value)).get();
                    }
                }
            }
        }
    }

    private void transactions(String phase) throws Exception {
        String topic = "transactions-" + phase;
        KafkaProducer<String, String> committing = transactional("committing-" + phase);
        for (int i = 0; i < 2; i++) {
            nextRound();
            committing.beginTransaction();
            for (int partition = 0; partition < 2; partition++) write(committing, topic, partition, 5);
            commitInTransaction(committing, "in-transaction-" + phase, "plain-" + phase, 5 + i);
            committing.commitTransaction();
            acknowledge(topic);
        }
        transactional("aborting-" + phase);
        abort("aborting-" + phase, topic);
        transactional("open-" + phase);
        beginOpenTransaction(phase);
        nextRound();
        committing.beginTransaction();
        write(committing, topic, 0, 5);
        committing.commitTransaction();
        acknowledge(topic);
    }

    private void abort(String transactionalId, String topic) {
        KafkaProducer<String, String> producer = held.get(transactionalId);
        nextRound();
        producer.beginTransaction();
        for (int partition = 0; partition < 2; partition++) write(producer, topic, partition, 5);
        producer.flush();
        producer.abortTransaction();
        sent.clear();
    }

    /** Records and an offset that nobody sees before `endOpenTransaction`, with whichever broker that is. */
    private void beginOpenTransaction(String phase) throws Exception {
        KafkaProducer<String, String> producer = held.get("open-" + phase);
        nextRound();
        producer.beginTransaction();
        for (int partition = 0; partition < 2; partition++) write(producer, "transactions-" + phase, partition, 5);
        producer.flush();
        commitInTransaction(producer, "in-open-transaction-" + phase, "plain-" + phase, 3 + phases.size());
        sent.clear();
    }

    private void endOpenTransaction(String phase) throws Exception {
        KafkaProducer<String, String> producer = held.get("open-" + phase);
        write(producer, "transactions-" + phase, 0, 2);
        producer.flush();
        if (phases.size() % 2 == 0) {
            producer.abortTransaction();
            sent.clear();
        } else {
            producer.commitTransaction();
            acknowledge("transactions-" + phase);
        }
    }

    private void started(Admin admin, String phase) throws Exception {
        try (KafkaProducer<String, String> producer = producer(Map.of())) {
            for (int i = 0; i < 5; i++) {
                nextRound();
                write(producer, "started-" + phase, 0, 10);
                producer.flush();
            }
        }
        sent.clear();
        deleteRecords(admin, "started-" + phase, 25);
    }

    private static void deleteRecords(Admin admin, String topic, long before) throws Exception {
        admin.deleteRecords(Map.of(new TopicPartition(topic, 0), RecordsToDelete.beforeOffset(before))).all().get();
    }

    /** A topic that was deleted and made again, under an id of its own. */
    private void again(Admin admin, String phase) throws Exception {
        String topic = "again-" + phase;
        try (KafkaProducer<String, String> producer = producer(Map.of())) {
            write(producer, topic, 0, 10);
            producer.flush();
        }
        sent.clear();
        admin.deleteTopics(List.of(topic)).all().get();
        for (boolean made = false; !made; ) {
            try {
                admin.createTopics(List.of(new NewTopic(topic, 1, (short) 1).configs(KEPT))).all().get();
                made = true;
            } catch (Exception e) {
                if (!String.valueOf(e.getCause()).contains("TopicExists")) throw e;
                Thread.sleep(50);
            }
        }
        try (KafkaProducer<String, String> producer = producer(Map.of())) {
            nextRound();
            write(producer, topic, 0, 3);
            acknowledge(topic);
        }
    }

    private void groups(String phase) {
        commitAssigned("assigned-" + phase, "plain-" + phase, 7);
        subscribed("classic-" + phase, "plain-" + phase, Map.of());
        subscribed("consumer-" + phase, "codecs-" + phase, Map.of("group.protocol", "consumer"));
    }

    /** What is no topic's: kept by a broker that does not use it, and made where it can be. */
    private void settings(Admin admin, String phase) throws Exception {
        alter(admin, ConfigResource.Type.BROKER, "", "message.max.bytes", String.valueOf(1_048_588 + phases.size()));
        alter(admin, ConfigResource.Type.GROUP, "consumer-" + phase, "consumer.session.timeout.ms", "50000");
        alter(admin, ConfigResource.Type.CLIENT_METRICS, "metrics-" + phase, "interval.ms", "100000");
        ClientQuotaEntity user = new ClientQuotaEntity(Map.of(ClientQuotaEntity.USER, "user-" + phase));
        ifOffered(() -> admin.alterClientQuotas(List.of(new ClientQuotaAlteration(user,
            List.of(new ClientQuotaAlteration.Op("producer_byte_rate", 1e9))))).all().get());
        ifOffered(() -> admin.alterUserScramCredentials(List.of(new UserScramCredentialUpsertion("user-" + phase,
            new ScramCredentialInfo(ScramMechanism.SCRAM_SHA_256, 4096), "secret"))).all().get());
    }

    private static void alter(Admin admin, ConfigResource.Type type, String name, String config, String value) throws Exception {
        AlterConfigOp op = new AlterConfigOp(new ConfigEntry(config, value), AlterConfigOp.OpType.SET);
        ifOffered(() -> admin.incrementalAlterConfigs(Map.of(new ConfigResource(type, name), List.of(op))).all().get());
    }

    private static void ifOffered(Callable<?> change) throws Exception {
        try {
            change.call();
        } catch (ExecutionException e) {
            if (!(e.getCause() instanceof UnsupportedVersionException)) throw e;
        }
    }

    private void commitAssigned(String group, String topic, long offset) {
        try (KafkaConsumer<String, String> consumer = consumer(group, Map.of())) {
            Map<TopicPartition, OffsetAndMetadata> offsets = new LinkedHashMap<>();
            for (int partition = 0; partition < 3; partition++) {
                offsets.put(new TopicPartition(topic, partition), new OffsetAndMetadata(offset + partition, "by hand " + offset));
            }
            consumer.commitSync(offsets);
        }
    }

    private void subscribed(String group, String topic, Map<String, Object> more) {
        try (KafkaConsumer<String, String> consumer = consumer(group, more)) {
            consumer.subscribe(List.of(topic));
            long end = System.currentTimeMillis() + 30_000;
            while (consumer.poll(Duration.ofMillis(100)).isEmpty()) {
                if (System.currentTimeMillis() > end) throw new IllegalStateException(group + " was given no record");
            }
            consumer.commitSync();
        }
    }

    private void changeTopics(Admin admin, String earlier) throws Exception {
        alter(admin, ConfigResource.Type.TOPIC, "plain-" + earlier, "max.message.bytes", String.valueOf(1_000_000 + phases.size()));
        int count = 2 + phases.size() - phases.indexOf(earlier);
        admin.createPartitions(Map.of("empty-" + earlier, NewPartitions.increaseTo(count))).all().get();
        deleteRecords(admin, "started-" + earlier, 25 + 3L * (phases.size() - phases.indexOf(earlier)));
        try {
            admin.deleteTopics(List.of("doomed-" + earlier)).all().get();
        } catch (Exception e) {
            if (!(e.getCause() instanceof UnknownTopicOrPartitionException)) throw e;
        }
    }

    private void write(KafkaProducer<String, String> producer, String topic, int partition, int count) {
        for (int i = 0; i < count; i++) {
            ProducerRecord<String, String> record =
                new ProducerRecord<>(topic, partition, now() + i, i % 3 == 0 ? null : "key-" + i, "value-" + round + "-" + i);
            record.headers().add("round", String.valueOf(round).getBytes());
            sent.add(producer.send(record));
        }
        producer.flush();
    }

    /** All that was sent since; values are told again by their order. */
    private void acknowledge(String topic) throws Exception {
        for (Future<RecordMetadata> one : sent) {
            RecordMetadata at = one.get();
            acknowledged.addArray().add(topic).add(at.partition()).add(at.offset()).add(at.timestamp());
        }
        sent.clear();
    }

    private void nextRound() {
        round++;
    }

    private long now() {
        return firstTimestamp + round * 120_000L;
    }

    private KafkaProducer<String, String> producer(Map<String, Object> more) {
        Map<String, Object> settings = new HashMap<>(Map.of("bootstrap.servers", address, "acks", "all", "reconnect.backoff.max.ms", 200));
        settings.putAll(more);
        return new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer());
    }

    private KafkaProducer<String, String> transactional(String transactionalId) {
        KafkaProducer<String, String> producer = producer(Map.of("transactional.id", transactionalId, "transaction.timeout.ms", 900_000));
        producer.initTransactions();
        held.put(transactionalId, producer);
        return producer;
    }

    private static void commitInTransaction(KafkaProducer<String, String> producer, String group, String topic, long offset) {
        producer.sendOffsetsToTransaction(
            Map.of(new TopicPartition(topic, 0), new OffsetAndMetadata(offset, "in a transaction")), new ConsumerGroupMetadata(group));
    }

    private KafkaConsumer<String, String> consumer(String group, Map<String, Object> more) {
        Map<String, Object> settings = new HashMap<>(Map.of("bootstrap.servers", address, "group.id", group,
            "enable.auto.commit", false, "auto.offset.reset", "earliest"));
        settings.putAll(more);
        return new KafkaConsumer<>(settings, new StringDeserializer(), new StringDeserializer());
    }
}
