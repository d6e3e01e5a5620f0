import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;

/** A member of a group that stays while brokers come and go, and commits what it reads: it must be given each record once. */
final class DirectoryMember extends Thread {
    private final KafkaConsumer<String, String> consumer;
    private final String group;
    private final String topic;
    private final Map<TopicPartition, Long> next = new TreeMap<>((a, b) -> a.toString().compareTo(b.toString()));
    private final ArrayNode faults = DirectoryDriver.JSON.createArrayNode();
    private boolean waiting;
    private Map<TopicPartition, Long> ends;

    DirectoryMember(String address, String group, String topic, String protocol) {
        this.group = group;
        this.topic = topic;
        Map<String, Object> settings = new HashMap<>(Map.of("bootstrap.servers", address, "group.id", group, "group.protocol", protocol,
            "enable.auto.commit", false, "auto.offset.reset", "earliest", "reconnect.backoff.max.ms", 200));
        consumer = new KafkaConsumer<>(settings, new StringDeserializer(), new StringDeserializer());
        setDaemon(true);
        start();
    }

    @Override
    public void run() {
        try {
            consumer.subscribe(List.of(topic));
            while (true) {
                var records = consumer.poll(Duration.ofMillis(100));
                for (ConsumerRecord<String, String> one : records) note(one);
                if (!records.isEmpty()) consumer.commitSync();
                synchronized (this) {
                    if (waiting) ends = consumer.endOffsets(List.of(0, 1, 2).stream().map(i -> new TopicPartition(topic, i)).toList());
                    notifyAll();
                }
            }
        } catch (Exception e) {
            synchronized (this) {
                faults.add(group + " failed: " + e);
                notifyAll();
            }
        }
    }

    private synchronized void note(ConsumerRecord<String, String> one) {
        TopicPartition partition = new TopicPartition(one.topic(), one.partition());
        long expected = next.getOrDefault(partition, 0L);
        if (one.offset() != expected) faults.add(group + " was given " + partition + "@" + one.offset() + " and not " + expected);
        next.put(partition, one.offset() + 1);
    }

    /** Waits until it has read all that is there; tells what it was given wrongly since it was asked last. */
    synchronized ObjectNode catchUp() throws Exception {
        long limit = System.currentTimeMillis() + 60_000;
        waiting = true;
        ends = null;
        while (faults.isEmpty() && (ends == null || ends.entrySet().stream().anyMatch(one -> next.getOrDefault(one.getKey(), 0L) < one.getValue()))) {
            if (System.currentTimeMillis() > limit) faults.add(group + " has not read on: it is at " + next + " of " + ends);
            else wait(1_000);
        }
        waiting = false;
        ObjectNode result = DirectoryDriver.JSON.createObjectNode().put("count", next.values().stream().mapToLong(one -> one).sum());
        result.set("faults", faults.deepCopy());
        faults.removeAll();
        return result;
    }
}
