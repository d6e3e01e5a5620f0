import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.tools.DumpLogSegments;

/**
 * Writes to a broker, tells all that a client can see of it, and runs kafka-dump-log: one JSON object a line, in and out.
 * One process for a whole journey, so that its producers go on when the broker behind their address is another one.
 */
public final class DirectoryDriver {
    /** In ASCII: some characters in what Kafka prints would end a line for the reader. */
    static final ObjectMapper JSON = new ObjectMapper().configure(JsonWriteFeature.ESCAPE_NON_ASCII.mappedFeature(), true);

    private static final List<DirectoryMember> MEMBERS = new ArrayList<>();
    private static DirectoryBurst burst;

    public static void main(String[] arguments) throws Exception {
        PrintStream out = new PrintStream(System.out, true, "UTF-8");
        System.setOut(System.err); // nothing else may stand amid an answer
        DirectoryWriter writer = new DirectoryWriter(arguments[0]);
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, "UTF-8"));
        for (String line; (line = in.readLine()) != null; ) {
            ObjectNode answer = JSON.createObjectNode();
            try {
                answer.set("result", run(writer, arguments[0], JSON.readTree(line)));
            } catch (Throwable e) {
                StringBuilder text = new StringBuilder(e.toString());
                for (Throwable cause = e.getCause(); cause != null; cause = cause.getCause()) text.append(" <- ").append(cause);
                for (StackTraceElement at : e.getStackTrace()) {
                    if (at.getClassName().startsWith("Directory")) text.append("\n  at ").append(at);
                }
                answer.put("error", text.toString());
            }
            out.println(JSON.writeValueAsString(answer));
        }
        System.exit(0);
    }

    private static ObjectNode run(DirectoryWriter writer, String address, JsonNode command) throws Exception {
        switch (command.get("command").asText()) {
            case "begin":
                if (burst == null) burst = new DirectoryBurst(address);
                return writer.begin(command.get("phase").asText());
            case "continue": return writer.goOn(command.get("phase").asText());
            case "burst": {
                burst.begin();
                return JSON.createObjectNode();
            }
            case "settle": return burst.settle();
            case "catchUp": return catchUp();
            case "join": {
                String phase = command.get("phase").asText();
                for (String protocol : List.of("classic", "consumer"))
                    MEMBERS.add(new DirectoryMember(address, "staying-" + protocol + "-" + phase, "plain-" + phase, protocol));
                return JSON.createObjectNode();
            }
            case "describe": return new DirectoryReader(address).describe();
            case "dump": return dump(command.get("arguments"));
            default: throw new IllegalArgumentException("no such command: " + command);
        }
    }

    private static ObjectNode catchUp() throws Exception {
        ObjectNode result = JSON.createObjectNode();
        long count = 0;
        ArrayNode faults = result.putArray("faults");
        for (DirectoryMember member : MEMBERS) {
            ObjectNode one = member.catchUp();
            count += one.get("count").asLong();
            faults.addAll((ArrayNode) one.get("faults"));
        }
        return result.put("count", count);
    }

    /** What the tool prints to either of its outputs; what it throws stands with the errors. */
    private static ObjectNode dump(JsonNode words) throws Exception {
        List<String> arguments = new ArrayList<>();
        words.forEach(word -> arguments.add(word.asText()));
        ByteArrayOutputStream output = new ByteArrayOutputStream();
        ByteArrayOutputStream errors = new ByteArrayOutputStream();
        PrintStream ownOutput = System.out;
        PrintStream ownErrors = System.err;
        System.setOut(new PrintStream(output, false, "UTF-8"));
        PrintStream toErrors = new PrintStream(errors, false, "UTF-8");
        System.setErr(toErrors);
        try {
            DumpLogSegments.main(arguments.toArray(new String[0]));
        } catch (Throwable e) {
            e.printStackTrace(toErrors);
        } finally {
            System.out.flush();
            toErrors.flush();
            System.setOut(ownOutput);
            System.setErr(ownErrors);
        }
        return JSON.createObjectNode().put("output", output.toString("UTF-8")).put("errors", errors.toString("UTF-8"));
    }
}
