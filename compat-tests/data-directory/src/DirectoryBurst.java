import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * An idempotent producer that writes numbers while a broker ends, and sends again to the next one what was not acknowledged:
 * each number must be there once, in order, whichever of the two took it.
 */
final class DirectoryBurst {
    private static final String TOPIC = "burst";
    private static final int PARTITIONS = 2;
    private static final int ACKNOWLEDGED_FIRST = 500;
    private static final String FILLING = "x".repeat(900);

    private final String address;
    private final KafkaProducer<String, String> producer;
    private final Map<Long, String> acknowledged = new ConcurrentHashMap<>();
    private Thread thread;
    private volatile boolean ended;
    private volatile Exception failure;
    private long next;

    DirectoryBurst(String address) throws Exception {
        this.address = address;
        try (Admin admin = Admin.create(Map.<String, Object>of("bootstrap.servers", address))) {
            admin.createTopics(List.of(new NewTopic(TOPIC, PARTITIONS, (short) 1)
                .configs(Map.of("segment.bytes", "1048576", "index.interval.bytes", "1024")))).all().get();
        }
        producer = new KafkaProducer<>(Map.of("bootstrap.servers", address, "acks", "all", "reconnect.backoff.max.ms", 200,
            "batch.size", 4000, "buffer.memory", 200_000, "max.block.ms", 120_000), new StringSerializer(), new StringSerializer());
    }

    /** Begins to write; returns when some of it was acknowledged and more is under way. */
    void begin() throws Exception {
        ended = false;
        int before = acknowledged.size();
        thread = new Thread(this::write);
        thread.start();
        while (acknowledged.size() < before + ACKNOWLEDGED_FIRST && failure == null) Thread.sleep(5);
    }

    private void write() {
        try {
            for (; !ended; next++) {
                long number = next;
                producer.send(new ProducerRecord<>(TOPIC, (int) (number % PARTITIONS), null, number + " " + FILLING), (at, error) -> {
                    if (error != null) failure = error;
                    else acknowledged.put(number, at.partition() + "@" + at.offset());
                });
            }
            producer.flush();
        } catch (Exception e) {
            failure = e;
        }
    }

    /** Ends the writing, and tells what of it is not there once, in order, where it was acknowledged. */
    ObjectNode settle() throws Exception {
        ended = true;
        thread.join();
        ObjectNode result = DirectoryDriver.JSON.createObjectNode().put("count", acknowledged.size());
        ArrayNode faults = result.putArray("faults");
        if (failure != null) faults.add("the producer failed: " + failure);
        Map<Integer, Long> last = new TreeMap<>();
        Map<Long, String> found = new TreeMap<>();
        for (ConsumerRecord<String, String> one : readAll()) {
            long number = Long.parseLong(one.value().substring(0, one.value().indexOf(' ')));
            Long before = last.put(one.partition(), number);
            if (before != null && number != before + PARTITIONS) faults.add(number + " follows " + before);
            found.put(number, one.partition() + "@" + one.offset());
        }
        acknowledged.forEach((number, at) -> {
            if (!at.equals(found.get(number))) faults.add(number + " was acknowledged at " + at + " and is at " + found.get(number));
        });
        return result;
    }

    private List<ConsumerRecord<String, String>> readAll() {
        List<TopicPartition> partitions = List.of(new TopicPartition(TOPIC, 0), new TopicPartition(TOPIC, 1));
        List<ConsumerRecord<String, String>> records = new java.util.ArrayList<>();
        try (KafkaConsumer<String, String> consumer = new KafkaConsumer<>(Map.of("bootstrap.servers", address, "enable.auto.commit", false,
            "max.poll.records", 10_000), new StringDeserializer(), new StringDeserializer())) {
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            while (partitions.stream().anyMatch(one -> consumer.position(one) < ends.get(one)))
                consumer.poll(Duration.ofMillis(100)).forEach(records::add);
        }
        return records.stream().sorted((a, b) -> Long.compare(a.offset(), b.offset())).collect(Collectors.toList());
    }
}
