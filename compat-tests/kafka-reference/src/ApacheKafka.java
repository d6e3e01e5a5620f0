import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The control broker: formats the log.dirs of a server.properties if new, then runs Apache Kafka on it, in one JVM. */
public final class ApacheKafka {
    public static void main(String[] args) throws Exception {
        Path file = Path.of(args[0]);
        Path own = Path.of(args[0] + ".kafka");
        List<String> lines = new ArrayList<>(Files.readAllLines(file));
        String clusterId = lines.stream().filter(l -> l.startsWith("cluster.id=")).map(l -> l.substring(11))
            .findFirst().orElse("4L6g3nShT-eMCtK--X86sw");
        lines.removeIf(l -> l.startsWith("cluster.id=")); // not a broker setting of Kafka's
        Files.write(own, lines);
        List<String> format = new ArrayList<>(List.of("format", "-t", clusterId, "-c", own.toString(), "--ignore-formatted"));
        // As the quick start does it: without static voters the directory itself names its voter.
        if (lines.stream().noneMatch(l -> l.startsWith("controller.quorum.voters="))) format.add("--standalone");
        int rc = kafka.tools.StorageTool.execute(format.toArray(new String[0]), System.err);
        if (rc != 0) System.exit(rc);
        kafka.Kafka.main(new String[] {own.toString()});
    }
}
