package io.keepup.embedded;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.stream.Stream;
import kafka.server.BrokerServer;
import kafka.server.ControllerServer;
import kafka.server.FaultHandlerFactory;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import kafka.server.Server;
import kafka.server.SharedServer;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.metadata.bootstrap.BootstrapDirectory;
import org.apache.kafka.metadata.bootstrap.BootstrapMetadata;
import org.apache.kafka.metadata.properties.MetaPropertiesEnsemble;
import org.apache.kafka.metadata.storage.Formatter;
import org.apache.kafka.server.ServerSocketFactory;
import org.apache.kafka.server.common.MetadataVersion;
import org.apache.kafka.server.fault.FaultHandler;
import org.apache.kafka.server.fault.FaultHandlerException;
import org.apache.kafka.server.fault.LoggingFaultHandler;
import org.apache.kafka.storage.internals.log.LogFileUtils;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.Tuple2;

/**
 * Kafka's broker and controller in one. The only class that touches what Kafka does not promise to keep. It puts together
 * what {@code KafkaRaftServer} does, because only so can the sockets be given and the fault handlers be other than "end
 * the JVM".
 */
final class KraftNode {

    /** How long the broker may take to leave its own controller; beyond that it is stopped as after a crash. */
    private static final Duration SHUTDOWN_LIMIT = Duration.ofSeconds(15);

    /** All that formatting writes. */
    private static final Set<String> FORMAT =
            Set.of(MetaPropertiesEnsemble.META_PROPERTIES_NAME, BootstrapDirectory.BINARY_BOOTSTRAP_FILENAME);

    private static final Logger log = LoggerFactory.getLogger(KraftNode.class);

    private final String clusterId;
    private final ControllerServer controller;
    private final BrokerServer broker;

    /**
     * Formats the log directory when it is new, and builds the node; nothing runs yet.
     *
     * @param onFatal told when the node cannot go on
     * @throws Exception whatever Kafka throws on settings or files it cannot use
     */
    KraftNode(
            Path logDirectory,
            Map<String, String> settings,
            InetSocketAddress controllerAddress,
            ServerSocketFactory sockets,
            Consumer<Throwable> onFatal)
            throws Exception {
        requireAsciiDigits();
        format(logDirectory);
        Properties properties = new Properties();
        properties.putAll(settings);
        KafkaConfig config = new KafkaConfig(properties, false);
        Tuple2<MetaPropertiesEnsemble, BootstrapMetadata> formatted =
                KafkaRaftServer.initializeLogDirs(config, log, "[embedded broker] ");
        clusterId = formatted._1().clusterId().orElseThrow();
        SharedServer shared = new SharedServer(
                config,
                formatted._1(),
                Time.SYSTEM,
                Server.initializeMetrics(config, Time.SYSTEM, clusterId),
                CompletableFuture.completedFuture(Map.of(BrokerSettings.NODE_ID, controllerAddress)),
                List.of(),
                faultHandlers(onFatal),
                sockets);
        broker = new BrokerServer(shared);
        controller = new ControllerServer(shared, KafkaRaftServer.configSchema(), formatted._2());
    }

    String clusterId() {
        return clusterId;
    }

    /** Starts and returns when clients are served. */
    void startup() {
        controller.startup();
        broker.startup();
    }

    /** Stops; the broker first, for it says goodbye to the controller. */
    void shutdown() {
        try {
            broker.shutdown(SHUTDOWN_LIMIT);
        } finally {
            controller.shutdown();
        }
    }

    private static void requireAsciiDigits() {
        String name = LogFileUtils.filenamePrefixFromOffset(0);
        if (!name.matches("0+")) {
            throw new IllegalStateException(
                    "Kafka would name its files %s in this JVM's locale; set the locale to Locale.ROOT first"
                            .formatted(name));
        }
    }

    /**
     * Kafka's formatting ends with {@code meta.properties}, and does not notice when a full disk leaves that empty. No start accepts it
     * then, so it counts as absent as long as nothing but formatting has written to the directory.
     */
    private static void format(Path logDirectory) throws Exception {
        Path properties = logDirectory.resolve(MetaPropertiesEnsemble.META_PROPERTIES_NAME);
        if (isEmpty(properties) && isFormattedOnly(logDirectory)) {
            Files.delete(properties);
        }
        if (Files.exists(properties)) {
            return;
        }
        try (PrintStream nowhere = new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8)) {
            new Formatter()
                    .setPrintStream(nowhere)
                    .setNodeId(BrokerSettings.NODE_ID)
                    .setClusterId(Uuid.randomUuid().toString())
                    .setDirectories(List.of(logDirectory.toString()))
                    .setMetadataLogDirectory(logDirectory.toString())
                    .setReleaseVersion(MetadataVersion.latestProduction())
                    .setControllerListenerName(BrokerSettings.CONTROLLER_LISTENER)
                    .run();
        }
        if (isEmpty(properties)) {
            throw new IOException("%s was written empty, as on a file system without space left".formatted(properties));
        }
    }

    private static boolean isEmpty(Path file) throws IOException {
        return Files.exists(file) && Files.size(file) == 0;
    }

    private static boolean isFormattedOnly(Path logDirectory) throws IOException {
        try (Stream<Path> files = Files.list(logDirectory)) {
            return files.allMatch(file -> FORMAT.contains(file.getFileName().toString()));
        }
    }

    private static FaultHandlerFactory faultHandlers(Consumer<Throwable> onFatal) {
        return (name, fatal, action) ->
                fatal ? fatalFault(name, action, onFatal) : new LoggingFaultHandler(name, action);
    }

    private static FaultHandler fatalFault(String name, Runnable action, Consumer<Throwable> onFatal) {
        return (message, cause) -> {
            log.error("Fatal fault in {}: {}", name, message, cause);
            FaultHandlerException failure = new FaultHandlerException(name + ": " + message, cause);
            try {
                action.run();
            } finally {
                onFatal.accept(failure);
            }
            return failure;
        };
    }
}
