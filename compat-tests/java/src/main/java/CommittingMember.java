import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;

/** Commits each batch when it has told it. */
final class CommittingMember extends Worker {
    CommittingMember(String bootstrap, JsonNode command) {
        super(bootstrap, command, "topic", settings(command));
    }

    private static Map<String, Object> settings(JsonNode command) {
        Map<String, Object> settings = new HashMap<>();
        String protocol = command.get("protocol").asText();
        settings.put("group.protocol", protocol);
        if (command.has("instance")) settings.put("group.instance.id", command.get("instance").asText());
        if (protocol.equals("classic")) {
            settings.put("session.timeout.ms", 6_000);
            settings.put("heartbeat.interval.ms", 500);
            if (command.has("assignor")) settings.put("partition.assignment.strategy", CooperativeStickyAssignor.class.getName());
        } else if (command.has("assignor")) settings.put("group.remote.assignor", command.get("assignor").asText());
        return settings;
    }

    @Override
    void step(ConsumerRecords<String, String> records) {
        ObjectNode given = event("records");
        ArrayNode list = given.putArray("records");
        Map<TopicPartition, OffsetAndMetadata> next = new HashMap<>();
        for (ConsumerRecord<String, String> r : records) {
            list.addArray().add(r.partition()).add(r.offset()).add(r.value());
            next.put(new TopicPartition(r.topic(), r.partition()), new OffsetAndMetadata(r.offset() + 1));
        }
        tell(given);
        try {
            consumer.commitSync(next);
        } catch (KafkaException e) {
            tell(event("refused").put("error", e.toString()));
            return;
        }
        ObjectNode committed = event("committed");
        ArrayNode offsets = committed.putArray("offsets");
        next.forEach((partition, offset) -> offsets.addArray().add(partition.partition()).add(offset.offset()));
        tell(committed);
    }

    @Override
    void fail(RuntimeException e) {
        tell(event("failed").put("error", e.toString()));
    }
}
