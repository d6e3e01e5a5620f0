import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;

/** A thread of its own, which reads in a group until it is told to leave, and tells what happens to it. */
abstract class Worker implements ConsumerRebalanceListener {
    private static final ObjectMapper JSON = new ObjectMapper();
    final String member;
    final KafkaConsumer<String, String> consumer;
    private final String topic;
    private final Thread thread = new Thread(this::run);
    private volatile boolean leaving;

    Worker(String bootstrap, JsonNode command, String topicField, Map<String, Object> more) {
        member = command.get("member").asText();
        topic = command.get(topicField).asText();
        Map<String, Object> settings = new HashMap<>(more);
        settings.put("bootstrap.servers", bootstrap);
        settings.put("group.id", command.get("group").asText());
        settings.put("enable.auto.commit", false);
        settings.put("auto.offset.reset", "earliest");
        settings.put("max.poll.records", 20);
        consumer = new KafkaConsumer<>(settings, new StringDeserializer(), new StringDeserializer());
    }

    abstract void step(ConsumerRecords<String, String> records);

    abstract void fail(RuntimeException e);

    void end() {}

    void start() {
        thread.setDaemon(true);
        thread.start();
    }

    void leave() throws InterruptedException {
        leaving = true;
        thread.join(30_000);
    }

    private void run() {
        try {
            consumer.subscribe(List.of(topic), this);
            while (!leaving) {
                ConsumerRecords<String, String> records = consumer.poll(Duration.ofMillis(100));
                if (!records.isEmpty()) step(records);
            }
            consumer.close();
            end();
        } catch (RuntimeException e) {
            fail(e);
        }
    }

    ObjectNode event(String kind) {
        return JSON.createObjectNode().put("kind", kind).put("member", member).put("at", System.currentTimeMillis());
    }

    void tell(ObjectNode event) {
        Driver.print(JSON.createObjectNode().set("event", event));
    }

    private static ObjectNode with(ObjectNode event, Collection<TopicPartition> partitions) {
        ArrayNode numbers = event.putArray("partitions");
        partitions.forEach(p -> numbers.add(p.partition()));
        return event;
    }

    @Override
    public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
        tell(with(event("assigned").put("generation", consumer.groupMetadata().generationId()), partitions));
    }

    @Override
    public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
        tell(with(event("revoked"), partitions));
    }

    @Override
    public void onPartitionsLost(Collection<TopicPartition> partitions) {
        tell(with(event("lost"), partitions));
    }
}
