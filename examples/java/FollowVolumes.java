import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.DecoderFactory;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;

/**
 * Prints each volume's mode whenever it changes, until it is ended. Uses Kafka's client, Avro and Jackson; nothing of Keepup's
 * code, and no serializer of Confluent's: the wire format is five bytes before plain Avro.
 *
 * <pre>java -cp 'cli/target/keepup/lib/*' examples/java/FollowVolumes.java [BOOTSTRAP [REGISTRY]]</pre>
 */
public final class FollowVolumes {

    private static final String PROJECTIONS = "keepup.projections.v1";
    private static final int HEADER = 5;

    private final HttpClient http = HttpClient.newHttpClient();
    private final Map<Integer, Schema> schemas = new HashMap<>();
    private final Map<String, String> shown = new HashMap<>();
    private final String registry;

    private FollowVolumes(String registry) {
        this.registry = registry;
    }

    public static void main(String[] args) throws Exception {
        String bootstrap = args.length > 0 ? args[0] : "127.0.0.1:9092";
        String registry = args.length > 1 ? args[1] : "http://127.0.0.1:8081";
        new FollowVolumes(registry).follow(bootstrap);
    }

    private void follow(String bootstrap) throws IOException, InterruptedException {
        // The fold writes in transactions: without read_committed this would see what never came to be.
        Map<String, Object> settings = Map.of("bootstrap.servers", bootstrap, "isolation.level", "read_committed");
        try (var consumer = new KafkaConsumer<>(settings, new StringDeserializer(), new ByteArrayDeserializer())) {
            List<TopicPartition> partitions = consumer.partitionsFor(PROJECTIONS).stream()
                    .map(p -> new TopicPartition(p.topic(), p.partition()))
                    .toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            while (true) {
                for (ConsumerRecord<String, byte[]> record : consumer.poll(Duration.ofSeconds(1))) {
                    show(record.key(), record.value());
                }
            }
        }
    }

    private void show(String volume, byte[] value) throws IOException, InterruptedException {
        String now = "removed"; // a tombstone
        if (value != null) {
            GenericRecord projection = decode(value);
            now = "%s %s primary=%s durable=%s"
                    .formatted(
                            projection.get("mode"),
                            projection.get("reason"),
                            projection.get("primaryId"),
                            projection.get("durableLsn"));
        }
        if (!now.equals(shown.put(volume, now))) {
            System.out.println(volume + " " + now);
        }
    }

    private GenericRecord decode(byte[] value) throws IOException, InterruptedException {
        ByteBuffer header = ByteBuffer.wrap(value);
        if (header.get() != 0) {
            throw new IOException("not in Confluent's wire format: the first byte is not 0");
        }
        Schema written = schema(header.getInt());
        var decoder = DecoderFactory.get().binaryDecoder(value, HEADER, value.length - HEADER, null);
        return new GenericDatumReader<GenericRecord>(written).read(null, decoder);
    }

    /** An id never changes its meaning, so each is asked for once. */
    private Schema schema(int id) throws IOException, InterruptedException {
        Schema known = schemas.get(id);
        if (known == null) {
            URI uri = URI.create(registry + "/schemas/ids/" + id);
            HttpResponse<String> answer =
                    http.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString());
            if (answer.statusCode() != 200) {
                throw new IOException("%s answers %d: %s".formatted(uri, answer.statusCode(), answer.body()));
            }
            String text = new ObjectMapper().readTree(answer.body()).path("schema").asText();
            known = new Schema.Parser().parse(text);
            schemas.put(id, known);
        }
        return known;
    }
}
