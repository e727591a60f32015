package io.keepup.cli;

import io.keepup.embedded.EmbeddedCluster;
import io.keepup.schemas.registry.HttpSchemaRegistry;
import io.keepup.schemas.registry.SchemaRegistration;
import io.keepup.schemas.topic.TopicAdmin;
import io.keepup.schemas.topic.Topics;
import io.keepup.streams.KeepupStreams;
import io.keepup.streams.StreamsSettings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.kafka.clients.admin.Admin;

/** Embedded broker and registry with all topics, and the Streams app on them: what {@code up} and the demo run on. */
public final class LocalCluster implements AutoCloseable {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final EmbeddedCluster kafka;
    private final KeepupStreams streams;

    private LocalCluster(EmbeddedCluster kafka, KeepupStreams streams) {
        this.kafka = kafka;
        this.streams = streams;
    }

    /**
     * Starts all, or nothing.
     *
     * @param directory made when absent; keeps topics and state
     * @param waitsFor told what the start waits for from then on, in words
     * @throws io.keepup.embedded.EmbeddedStartException when broker or registry cannot start
     * @throws io.keepup.streams.StartException when the Streams app cannot start
     */
    public static LocalCluster start(
            Path directory, int kafkaPort, int registryPort, int httpPort, Consumer<String> waitsFor) {
        waitsFor.accept("the broker and the registry to read what is in " + directory);
        EmbeddedCluster kafka = EmbeddedCluster.start(directory, kafkaPort, registryPort);
        try {
            waitsFor.accept("the topics and their schemas");
            prepareTopics(kafka);
            waitsFor.accept("the Streams app");
            StreamsSettings settings = StreamsSettings.of(Map.of(
                    StreamsSettings.BOOTSTRAP, kafka.bootstrapServers(),
                    StreamsSettings.REGISTRY_URL, kafka.registryUrl(),
                    StreamsSettings.STATE_DIR, directory.resolve("streams").toString(),
                    StreamsSettings.STANDBYS, "0",
                    StreamsSettings.HTTP_PORT, String.valueOf(httpPort)));
            return new LocalCluster(kafka, KeepupStreams.start(settings));
        } catch (RuntimeException | Error e) {
            Thread.interrupted(); // the broker's orderly end takes waiting
            kafka.close();
            throw e;
        }
    }

    private static void prepareTopics(EmbeddedCluster kafka) {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", kafka.bootstrapServers()));
                HttpSchemaRegistry registry = new HttpSchemaRegistry(kafka.registryUrl(), PATIENCE)) {
            new TopicAdmin(admin, PATIENCE).ensure(Topics.shared(), (short) 1);
            SchemaRegistration.registerAll(registry, Topics.shared());
        }
    }

    public String bootstrap() {
        return kafka.bootstrapServers();
    }

    public String registryUrl() {
        return kafka.registryUrl();
    }

    public String pageUrl() {
        return streams.url();
    }

    /** Called with the reason when broker or fold cannot go on; never by {@link #close()}. */
    public void onFailure(Consumer<Throwable> listener) {
        kafka.failure().thenAccept(listener);
        streams.failure().thenAccept(listener);
    }

    @Override
    public void close() {
        try {
            streams.close();
        } finally {
            kafka.close();
        }
    }
}
