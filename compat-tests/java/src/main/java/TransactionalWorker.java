import com.fasterxml.jackson.databind.JsonNode;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.OutOfOrderSequenceException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.UnsupportedVersionException;
import org.apache.kafka.common.serialization.StringSerializer;

/** Writes each record to another topic and commits its offset, in one transaction; each fifth is aborted when all is sent, and read again. */
final class TransactionalWorker extends Worker {
    private final KafkaProducer<String, String> producer;
    private final String to;
    private int transactions;

    TransactionalWorker(String bootstrap, JsonNode command) {
        super(bootstrap, command, "from", settings(command.get("protocol").asText()));
        to = command.get("to").asText();
        producer = new KafkaProducer<>(Map.of("bootstrap.servers", bootstrap, "transactional.id", command.get("transactionalId").asText(),
            "transaction.timeout.ms", 10_000), new StringSerializer(), new StringSerializer());
        producer.initTransactions();
    }

    private static Map<String, Object> settings(String protocol) {
        Map<String, Object> settings = new HashMap<>(Map.of("group.protocol", protocol, "isolation.level", "read_committed"));
        if (protocol.equals("classic")) settings.putAll(Map.of("session.timeout.ms", 3_000, "heartbeat.interval.ms", 300));
        return settings;
    }

    @Override
    void step(ConsumerRecords<String, String> records) {
        boolean commits = ++transactions % 5 != 0;
        Map<TopicPartition, OffsetAndMetadata> next = new HashMap<>();
        try {
            producer.beginTransaction();
            for (ConsumerRecord<String, String> r : records) {
                producer.send(new ProducerRecord<>(to, r.key(), r.value()));
                next.put(new TopicPartition(r.topic(), r.partition()), new OffsetAndMetadata(r.offset() + 1));
            }
            producer.sendOffsetsToTransaction(next, consumer.groupMetadata());
            if (commits) {
                producer.commitTransaction();
                tell(event("transaction").put("committed", true).put("count", records.count()));
            } else abort(records);
        } catch (ProducerFencedException | OutOfOrderSequenceException | AuthorizationException | UnsupportedVersionException e) {
            throw e; // after these a producer is of no use
        } catch (KafkaException e) {
            tell(event("refused").put("error", e.toString()));
            abort(records);
        }
    }

    private void abort(ConsumerRecords<String, String> records) {
        producer.abortTransaction();
        tell(event("transaction").put("committed", false).put("count", records.count()));
        for (TopicPartition partition : records.partitions())
            if (consumer.assignment().contains(partition)) consumer.seek(partition, records.records(partition).get(0).offset());
    }

    @Override
    void end() {
        producer.close();
    }

    @Override
    void fail(RuntimeException e) {
        tell(event("refused").put("error", e.toString()));
        Runtime.getRuntime().halt(1); // the runner starts another
    }
}
