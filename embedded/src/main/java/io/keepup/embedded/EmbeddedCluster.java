package io.keepup.embedded;

import io.keepup.embedded.registry.EmbeddedRegistry;
import io.keepup.service.directory.DataDirectory;
import java.nio.file.Path;
import java.util.concurrent.CompletionStage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Broker and schema registry together, on one data directory: what a program or a test needs to have "a Kafka".
 *
 * <pre>{@code
 * try (EmbeddedCluster cluster = EmbeddedCluster.start(directory)) {
 *     connect(cluster.bootstrapServers(), cluster.registryUrl());
 * }
 * }</pre>
 */
public final class EmbeddedCluster implements AutoCloseable {

    /** Format of the data directory, kept in its file {@code VERSION}. */
    public static final String FORMAT = "keepup-data 1";

    private static final Logger log = LoggerFactory.getLogger(EmbeddedCluster.class);

    private final DataDirectory directory;
    private final EmbeddedBroker broker;
    private final EmbeddedRegistry registry;

    private EmbeddedCluster(DataDirectory directory, EmbeddedBroker broker, EmbeddedRegistry registry) {
        this.directory = directory;
        this.broker = broker;
        this.registry = registry;
    }

    /** Starts on free ports. */
    public static EmbeddedCluster start(Path directory) {
        return start(directory, 0, 0);
    }

    /**
     * Starts the broker, then the registry, and returns when both serve.
     *
     * @param directory made when absent; a directory used before comes back with all its topics and schemas
     * @param kafkaPort on 127.0.0.1, 0 for any free one
     * @param registryPort on 127.0.0.1, 0 for any free one
     * @throws EmbeddedStartException when it cannot start; nothing is left running
     */
    public static EmbeddedCluster start(Path directory, int kafkaPort, int registryPort) {
        long began = System.nanoTime();
        DataDirectory claimed = EmbeddedDirectory.claim(directory, FORMAT);
        EmbeddedBroker broker = null;
        try {
            broker = EmbeddedBroker.start(claimed.path().resolve("kafka"), kafkaPort);
            EmbeddedRegistry registry = EmbeddedRegistry.start(broker.bootstrapServers(), registryPort);
            log.info(
                    "Kafka {} and schema registry {} on {} ready in {} ms",
                    broker.bootstrapServers(),
                    registry.url(),
                    claimed.path(),
                    (System.nanoTime() - began) / 1_000_000);
            return new EmbeddedCluster(claimed, broker, registry);
        } catch (RuntimeException | Error e) {
            if (broker != null) {
                broker.close();
            }
            claimed.close();
            throw e;
        }
    }

    /** Addresses for {@code bootstrap.servers}. */
    public String bootstrapServers() {
        return broker.bootstrapServers();
    }

    /** The registry's base URL, without a slash at its end. */
    public String registryUrl() {
        return registry.url();
    }

    /** The Kafka cluster's id, the same over the directory's whole life. */
    public String clusterId() {
        return broker.clusterId();
    }

    /** The data directory's real path. */
    public Path directory() {
        return directory.path();
    }

    /** Completed, with the reason, when the broker cannot go on; never by {@link #close()}. */
    public CompletionStage<Throwable> failure() {
        return broker.failure();
    }

    /** Stops the registry, then the broker; a second call does nothing. */
    @Override
    public void close() {
        try {
            registry.close();
        } finally {
            try {
                broker.close();
            } finally {
                directory.close();
            }
        }
    }
}
