package io.keepup.node.http;

import io.helidon.webserver.WebServer;
import io.keepup.node.NodeMetrics;
import io.keepup.node.NodeSettings;
import io.keepup.node.NodeStartException;
import io.keepup.node.RecoveryLimits;
import io.keepup.node.hosting.VolumeHost;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Supplier;

/** The node's data address: block I/O, the limits of recoveries, health and metrics, for people and programs over HTTP. */
public final class DataServer implements AutoCloseable {

    private static final Duration FAREWELL = Duration.ofMillis(500);

    private final WebServer server;
    private final String host;

    private DataServer(WebServer server, String host) {
        this.server = server;
        this.host = host;
    }

    /**
     * Binds and serves.
     *
     * @param whyNotReady why the node takes no commands; empty when it does
     * @throws NodeStartException when the address cannot be listened on
     */
    public static DataServer start(
            NodeSettings settings,
            VolumeHost volumes,
            RecoveryLimits recovery,
            NodeMetrics metrics,
            Supplier<Optional<String>> whyNotReady) {
        BlockRoutes routes = new BlockRoutes(volumes, settings.get(NodeSettings.HTTP_MAX_BODY));
        LimitRoutes limits = new LimitRoutes(recovery);
        HealthRoutes health = new HealthRoutes(volumes, metrics, whyNotReady);
        try {
            WebServer server = WebServer.builder()
                    .host(settings.listenHost())
                    .port(settings.listenPort())
                    .shutdownHook(false)
                    .shutdownGracePeriod(FAREWELL)
                    .maxPayloadSize(settings.get(NodeSettings.HTTP_MAX_BODY))
                    .routing(routing -> {
                        routes.addTo(routing);
                        limits.addTo(routing);
                        health.addTo(routing);
                    })
                    .build();
            server.start();
            if (!server.isRunning()) {
                throw new IllegalStateException("it is in use"); // Helidon logs why and throws nothing
            }
            return new DataServer(server, settings.listenHost());
        } catch (RuntimeException e) {
            throw new NodeStartException(
                    "the data address %s:%d cannot be listened on (%s): name a free one"
                            .formatted(settings.listenHost(), settings.listenPort(), e.getMessage()),
                    e);
        }
    }

    /** {@code host:port} as listened on. */
    public String address() {
        return host + ":" + server.port();
    }

    @Override
    public void close() {
        server.stop();
    }
}
