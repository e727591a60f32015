package io.keepup.cli.scenario;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.keepup.cli.ClusterOptions;
import io.keepup.cli.LocalCluster;
import io.keepup.schemas.codec.RecordCodec;
import io.keepup.streams.StreamsSettings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Broker, registry and Streams app of all scenarios of one JVM; they end with the last test. */
final class SharedCluster implements AutoCloseable {

    /** Long enough for whatever gets on, short enough to wait for. */
    private static final String STALL_MS = "6000";

    private static final ObjectMapper JSON = new ObjectMapper();

    private final Path directory;
    private final LocalCluster cluster;
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
        cluster =
                LocalCluster.start(directory.resolve("up"), 0, 0, 0, Map.of(StreamsSettings.WATCHDOG_STALL, STALL_MS));
        options = new ClusterOptions(cluster.bootstrap(), cluster.registryUrl());
        codec = options.codec();
        producer = options.producer();
    }

    static SharedCluster of(ExtensionContext context) {
        return context.getRoot()
                .getStore(ExtensionContext.Namespace.GLOBAL)
                .computeIfAbsent(SharedCluster.class, type -> new SharedCluster(), SharedCluster.class);
    }

    LocalCluster local() {
        return cluster;
    }

    ClusterOptions options() {
        return options;
    }

    RecordCodec codec() {
        return codec;
    }

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

    private String get(String path) {
        HttpRequest request = HttpRequest.newBuilder(
                        URI.create(cluster.pageUrl()).resolve(path))
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
        cluster.close();
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        }
    }
}
