import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.Future;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** Drives the Java client by the commands of compat-tests/README.md: one JSON object a line, in and out. */
public final class Driver {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Map<String, Member> MEMBERS = new HashMap<>();
    private static final Map<String, Worker> WORKERS = new HashMap<>();
    private static PrintStream out;
    private static String bootstrap;

    public static void main(String[] arguments) throws Exception {
        bootstrap = arguments[0];
        out = new PrintStream(System.out, true, "UTF-8");
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, "UTF-8"));
        for (String line; (line = in.readLine()) != null; ) {
            ObjectNode answer = JSON.createObjectNode();
            try {
                answer.set("result", run(JSON.readTree(line)));
            } catch (Exception e) {
                answer.put("error", e.toString() + (e.getCause() == null ? "" : " <- " + e.getCause()));
            }
            print(answer);
        }
        System.exit(0); // a member that was not closed is to look like one that died
    }

    static synchronized void print(JsonNode line) {
        out.println(line.toString());
    }

    private static ObjectNode run(JsonNode command) throws Exception {
        switch (command.get("command").asText()) {
            case "createTopic": return createTopic(command);
            case "produce": return produce(command);
            case "readAll": return readAll(command);
            case "open": {
                MEMBERS.put(command.get("member").asText(), new Member(command));
                return JSON.createObjectNode();
            }
            case "poll": return member(command).handOut();
            case "commit": return member(command).commit();
            case "close": return MEMBERS.remove(command.get("member").asText()).close();
            case "work": return worker(command, new CommittingMember(bootstrap, command));
            case "transact": return worker(command, new TransactionalWorker(bootstrap, command));
            case "leave": {
                WORKERS.remove(command.get("member").asText()).leave();
                return JSON.createObjectNode();
            }
            default: throw new IllegalArgumentException("no such command: " + command);
        }
    }

    private static ObjectNode worker(JsonNode command, Worker worker) {
        WORKERS.put(command.get("member").asText(), worker);
        worker.start();
        return JSON.createObjectNode();
    }

    private static Member member(JsonNode command) {
        return MEMBERS.get(command.get("member").asText());
    }

    private static ObjectNode createTopic(JsonNode command) throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap))) {
            admin.createTopics(List.of(new NewTopic(command.get("topic").asText(), command.get("partitions").asInt(), (short) 1))).all().get();
        }
        return JSON.createObjectNode();
    }

    private static ObjectNode produce(JsonNode command) throws Exception {
        Map<String, Object> settings = Map.of("bootstrap.servers", bootstrap, "acks", "all", "linger.ms", 20,
            "compression.type", command.get("codec").asText());
        List<Future<RecordMetadata>> sent = new ArrayList<>();
        try (KafkaProducer<String, String> producer = new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer())) {
            for (JsonNode r : command.get("records")) {
                ProducerRecord<String, String> record =
                    new ProducerRecord<>(command.get("topic").asText(), r.get("key").asText(), r.get("value").asText());
                command.get("headers").fields().forEachRemaining(h -> record.headers().add(h.getKey(), h.getValue().asText().getBytes()));
                sent.add(producer.send(record));
            }
            producer.flush();
        }
        for (Future<RecordMetadata> f : sent) f.get();
        return JSON.createObjectNode();
    }

    private static KafkaConsumer<String, String> consumer(Map<String, Object> more) {
        Map<String, Object> settings = new HashMap<>(more);
        settings.put("bootstrap.servers", bootstrap);
        settings.put("enable.auto.commit", false);
        settings.put("auto.offset.reset", "earliest");
        return new KafkaConsumer<>(settings, new StringDeserializer(), new StringDeserializer());
    }

    private static ObjectNode readAll(JsonNode command) {
        ObjectNode result = JSON.createObjectNode();
        ArrayNode records = result.putArray("records");
        try (KafkaConsumer<String, String> consumer = consumer(Map.of("isolation.level", "read_committed"))) {
            List<TopicPartition> partitions = new ArrayList<>();
            for (JsonNode topic : command.get("topics"))
                consumer.partitionsFor(topic.asText()).forEach(p -> partitions.add(new TopicPartition(p.topic(), p.partition())));
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            while (ends.entrySet().stream().anyMatch(e -> consumer.position(e.getKey()) < e.getValue()))
                consumer.poll(Duration.ofMillis(200)).forEach(r -> records.add(json(r)));
        }
        return result;
    }

    private static ObjectNode json(ConsumerRecord<String, String> r) {
        ObjectNode o = JSON.createObjectNode().put("topic", r.topic()).put("partition", r.partition()).put("offset", r.offset()).put("key", r.key()).put("value", r.value());
        ObjectNode headers = o.putObject("headers");
        for (Header h : r.headers()) headers.put(h.key(), new String(h.value()));
        return o;
    }

    /** A group member whose thread polls until `limit` records came, and goes on polling, paused, to stay a member. */
    private static final class Member implements ConsumerRebalanceListener {
        private final KafkaConsumer<String, String> consumer;
        private final int limit;
        private final Thread thread = new Thread(this::loop);
        private final TreeSet<Integer> assignment = new TreeSet<>();
        private ArrayNode waiting = JSON.createArrayNode();
        private int count;
        private boolean ended;
        private Exception failure;

        Member(JsonNode command) {
            limit = command.get("limit").asInt();
            consumer = consumer(Map.of("group.id", command.get("group").asText(), "max.poll.records", 10,
                "session.timeout.ms", 10_000, "heartbeat.interval.ms", 500));
            consumer.subscribe(List.of(command.get("topic").asText()), this);
            thread.setDaemon(true);
            thread.start();
        }

        private void loop() {
            while (true) {
                synchronized (this) {
                    if (ended) return;
                    try {
                        if (count >= limit) consumer.pause(consumer.assignment());
                        for (ConsumerRecord<String, String> r : consumer.poll(Duration.ofMillis(100))) {
                            waiting.add(json(r));
                            count++;
                        }
                    } catch (Exception e) {
                        failure = e;
                        return;
                    }
                }
                Thread.yield();
                try {
                    Thread.sleep(5); // lets a command have the lock
                } catch (InterruptedException e) {
                    return;
                }
            }
        }

        synchronized ObjectNode handOut() throws Exception {
            if (failure != null) throw failure;
            ObjectNode o = JSON.createObjectNode();
            ArrayNode partitions = o.putArray("assignment");
            assignment.forEach(partitions::add);
            o.set("records", waiting);
            waiting = JSON.createArrayNode();
            return o;
        }

        synchronized ObjectNode commit() throws Exception {
            consumer.commitSync();
            return handOut();
        }

        synchronized ObjectNode close() throws Exception {
            ended = true;
            consumer.close();
            return handOut();
        }

        @Override
        public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
            partitions.forEach(p -> assignment.add(p.partition()));
        }

        @Override
        public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
            partitions.forEach(p -> assignment.remove(p.partition()));
        }
    }
}
