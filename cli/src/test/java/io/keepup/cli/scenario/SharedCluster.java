package io.keepup.cli.scenario;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.keepup.cli.ClusterOptions;
import io.keepup.embedded.EmbeddedCluster;
import io.keepup.schemas.codec.RecordCodec;
import io.keepup.schemas.registry.HttpSchemaRegistry;
import io.keepup.schemas.registry.SchemaRegistration;
import io.keepup.schemas.topic.TopicAdmin;
import io.keepup.schemas.topic.TopicSpec;
import io.keepup.schemas.topic.Topics;
import io.keepup.streams.KeepupStreams;
import io.keepup.streams.StreamsSettings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Broker, registry and Streams app of the scenarios: one set for all of them in this JVM, which ends with the last test, and
 * one of its own for a class that does things to the Streams app.
 */
final class SharedCluster implements AutoCloseable {

    /** Long enough for whatever gets on, short enough to wait for. */
    private static final String STALL_MS = "6000";

    /** Longer than any scenario keeps a primary away that is not about that. */
    private static final String SILENCE_MS = "60000";

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Path directory;
    private final EmbeddedCluster kafka;
    private final List<KeepupStreams> folds = new ArrayList<>();
    private final ClusterOptions options;
    private final RecordCodec codec;
    private final Producer<byte[], byte[]> producer;
    private final HttpClient http = HttpClient.newHttpClient();

    private SharedCluster() {
        try {
            directory = Files.createTempDirectory("keepup-scenarios-");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        kafka = EmbeddedCluster.start(directory.resolve("up"));
        prepareTopics();
        options = new ClusterOptions(kafka.bootstrapServers(), kafka.registryUrl());
        codec = options.codec();
        producer = new KafkaProducer<>(
                Map.of(
                        "bootstrap.servers",
                        kafka.bootstrapServers(),
                        "acks",
                        "all",
                        "linger.ms",
                        "0",
                        "interceptor.classes",
                        Network.class.getName()),
                new ByteArraySerializer(),
                new ByteArraySerializer());
    }

    /** The one that scenarios share, with one instance of the Streams app. */
    static SharedCluster of(ExtensionContext context) {
        return context.getRoot()
                .getStore(ExtensionContext.Namespace.GLOBAL)
                .computeIfAbsent(
                        SharedCluster.class,
                        type -> {
                            SharedCluster cluster = new SharedCluster();
                            cluster.startFold("shared", Map.of());
                            return cluster;
                        },
                        SharedCluster.class);
    }

    /** One for the tests of a class alone; it has no Streams app until a test starts one. */
    static SharedCluster ofClass(ExtensionContext context) {
        Class<?> owner = context.getRequiredTestClass();
        ExtensionContext ofClass = context;
        while (ofClass.getTestMethod().isPresent()) {
            ofClass = ofClass.getParent().orElseThrow();
        }
        return ofClass.getStore(ExtensionContext.Namespace.create(owner))
                .computeIfAbsent(owner, type -> new SharedCluster(), SharedCluster.class);
    }

    private void prepareTopics() {
        try (Admin admin = admin();
                HttpSchemaRegistry registry = new HttpSchemaRegistry(kafka.registryUrl(), PATIENCE)) {
            List<TopicSpec> topics = new ArrayList<>(Topics.shared());
            topics.addAll(Network.detours());
            new TopicAdmin(admin, PATIENCE).ensure(topics, (short) 1);
            SchemaRegistration.registerAll(registry, Topics.shared());
        }
    }

    Admin admin() {
        return Admin.create(Map.of("bootstrap.servers", kafka.bootstrapServers()));
    }

    /**
     * Starts an instance of the Streams app.
     *
     * @param name of its state directory: the same one again goes on with it
     * @param more settings, in place of these
     */
    KeepupStreams startFold(String name, Map<String, String> more) {
        KeepupStreams fold = KeepupStreams.start(StreamsSettings.of(foldSettings(name, more)));
        folds.add(fold);
        return fold;
    }

    Map<String, String> foldSettings(String name, Map<String, String> more) {
        Map<String, String> settings = new HashMap<>(Map.of(
                StreamsSettings.BOOTSTRAP,
                kafka.bootstrapServers(),
                StreamsSettings.REGISTRY_URL,
                kafka.registryUrl(),
                StreamsSettings.STATE_DIR,
                directory.resolve("streams-" + name).toString(),
                StreamsSettings.STANDBYS,
                "0",
                StreamsSettings.HTTP_PORT,
                "0",
                StreamsSettings.WATCHDOG_STALL,
                STALL_MS,
                StreamsSettings.WATCHDOG_SILENCE,
                SILENCE_MS,
                "producer.interceptor.classes",
                Network.class.getName()));
        settings.putAll(more);
        return settings;
    }

    /** Stops an instance in an orderly way. */
    void stopFold(KeepupStreams fold) {
        folds.remove(fold);
        fold.close();
    }

    void stopFolds() {
        List.copyOf(folds).forEach(this::stopFold);
    }

    String bootstrap() {
        return kafka.bootstrapServers();
    }

    String registryUrl() {
        return kafka.registryUrl();
    }

    ClusterOptions options() {
        return options;
    }

    RecordCodec codec() {
        return codec;
    }

    /** It goes the way of the nodes' own producers: through the {@link Network}. */
    Producer<byte[], byte[]> producer() {
        return producer;
    }

    /** A directory of its own for a test's nodes; deleted with the cluster's. */
    Path directory(String name) {
        return directory.resolve(name);
    }

    /** Puts a record on a topic; returns when Kafka has it. */
    void put(ProducerRecord<byte[], byte[]> record) {
        try {
            producer.send(record).get();
        } catch (Exception e) {
            throw new AssertionError("Kafka does not take " + record, e);
        }
    }

    /** {@code /api/…} of the Streams app. */
    JsonNode api(String path) {
        try {
            return JSON.readTree(get("api/" + path));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A series of {@code /metrics}, for example {@code keepup_rejected_total{reason="stale_epoch"}}. */
    double metric(String series) {
        List<String> lines = Arrays.stream(get("metrics").split("\n"))
                .filter(line -> line.startsWith(series + " "))
                .toList();
        if (lines.size() != 1) {
            throw new AssertionError("/metrics has " + lines.size() + " series " + series);
        }
        return Double.parseDouble(lines.get(0).substring(series.length() + 1));
    }

    /** The body at a path of the Streams app that was started first. */
    String get(String path) {
        HttpRequest request = HttpRequest.newBuilder(
                        URI.create(folds.get(0).url()).resolve(path))
                .build();
        try {
            HttpResponse<String> response = http.send(request, HttpResponse.BodyHandlers.ofString());
            if (response.statusCode() != 200) {
                throw new AssertionError(path + " answers " + response.statusCode() + ": " + response.body());
            }
            return response.body();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted at " + path, e);
        }
    }

    @Override
    public void close() throws IOException {
        http.close();
        producer.close();
        folds.forEach(KeepupStreams::close);
        kafka.close();
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        }
    }
}
