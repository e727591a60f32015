package io.keepup.embedded;

import io.keepup.embedded.EmbeddedStartException.Reason;
import io.keepup.service.directory.DataDirectory;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/**
 * A real Kafka broker, with its KRaft controller, in this JVM: on disk, on loopback only, the whole cluster by itself.
 *
 * <p>What a producer got acknowledged with {@code acks=all} is there again after {@code kill -9} of the JVM, because the
 * operating system has it; it is not fsynced, so a power failure can lose the newest records. Kafka logs by slf4j only.
 */
public final class EmbeddedBroker implements AutoCloseable {

    /** Format of the directory; a new one needs a new number and a way to read the old. */
    static final String FORMAT = "keepup-broker 1";

    private final DataDirectory directory;
    private final LoopbackSockets sockets;
    private final CompletableFuture<Throwable> failure;
    private final Consumer<Throwable> onFatal;
    private final KraftNode node;
    private final int port;
    private final AtomicBoolean closed = new AtomicBoolean();

    private EmbeddedBroker(
            DataDirectory directory,
            LoopbackSockets sockets,
            CompletableFuture<Throwable> failure,
            Consumer<Throwable> onFatal,
            KraftNode node,
            int port) {
        this.directory = directory;
        this.sockets = sockets;
        this.failure = failure;
        this.onFatal = onFatal;
        this.node = node;
        this.port = port;
    }

    /** Starts with no settings of the caller's own: {@link #start(Path, int, Map)}. */
    public static EmbeddedBroker start(Path directory, int port) {
        return start(directory, port, Map.of());
    }

    /**
     * Starts a broker, new or again, and returns when it serves clients.
     *
     * @param directory the broker's own; made when absent
     * @param port of the listener on 127.0.0.1, 0 for any free one
     * @param settings Kafka broker settings that win over the built-in ones; the client listener is named {@code CLIENT}
     * @throws EmbeddedStartException when it cannot start; nothing is left running
     */
    public static EmbeddedBroker start(Path directory, int port, Map<String, String> settings) {
        DataDirectory claimed = EmbeddedDirectory.claim(directory, FORMAT);
        LoopbackSockets sockets = new LoopbackSockets();
        try {
            int clientPort = sockets.bind(BrokerSettings.CLIENT_LISTENER, port);
            int controllerPort = sockets.bind(BrokerSettings.CONTROLLER_LISTENER, 0);
            return run(claimed, sockets, clientPort, controllerPort, settings);
        } catch (RuntimeException | Error e) {
            sockets.close();
            claimed.close();
            throw e;
        }
    }

    private static EmbeddedBroker run(
            DataDirectory directory,
            LoopbackSockets sockets,
            int clientPort,
            int controllerPort,
            Map<String, String> overrides) {
        Path logs = directory.path().resolve("log");
        CompletableFuture<Throwable> failure = new CompletableFuture<>();
        Consumer<Throwable> onFatal = failure::complete;
        ExitGuard.add(onFatal);
        KraftNode node = null;
        try {
            LogFileNames.toAsciiDigits(logs);
            node = new KraftNode(
                    logs,
                    BrokerSettings.of(logs, clientPort, controllerPort, overrides),
                    new InetSocketAddress(LoopbackSockets.HOST, controllerPort),
                    sockets,
                    onFatal);
            node.startup();
            return new EmbeddedBroker(directory, sockets, failure, onFatal, node, clientPort);
        } catch (EmbeddedStartException e) {
            ExitGuard.remove(onFatal);
            throw e;
        } catch (Exception | Error e) {
            if (node != null) {
                shutdownAfterFailure(node, e);
            }
            ExitGuard.remove(onFatal);
            if (e instanceof Error broken) {
                throw broken;
            }
            throw new EmbeddedStartException(
                    Reason.FAILED,
                    "the Kafka broker on %s does not start (%s): its log says more; a damaged directory must be restored or replaced"
                            .formatted(directory.path(), rootMessage(e)),
                    e);
        }
    }

    /** Addresses for {@code bootstrap.servers}. */
    public String bootstrapServers() {
        return LoopbackSockets.HOST + ":" + port;
    }

    /** The port clients connect to. */
    public int port() {
        return port;
    }

    /** The cluster id, the same over the directory's whole life. */
    public String clusterId() {
        return node.clusterId();
    }

    /** Completed, with the reason, when the broker cannot go on (its disk failed, say); never by {@link #close()}. */
    public CompletionStage<Throwable> failure() {
        return failure.minimalCompletionStage();
    }

    /** Stops cleanly and frees the directory and the ports; a second call does nothing. */
    @Override
    public void close() {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        try {
            node.shutdown();
        } finally {
            ExitGuard.remove(onFatal);
            sockets.close();
            directory.close();
        }
    }

    private static void shutdownAfterFailure(KraftNode node, Throwable failure) {
        try {
            node.shutdown();
        } catch (RuntimeException | Error e) {
            failure.addSuppressed(e);
        }
    }

    private static String rootMessage(Throwable failure) {
        Throwable root = failure;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        String message = root.getMessage() == null ? root.getClass().getSimpleName() : root.getMessage();
        return message.lines().findFirst().orElse(message);
    }
}
