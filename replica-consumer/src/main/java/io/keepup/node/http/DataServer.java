package io.keepup.node.http;

import io.keepup.node.NodeMetrics;
import io.keepup.node.NodeSettings;
import io.keepup.node.NodeStartException;
import io.keepup.node.RecoveryLimits;
import io.keepup.node.hosting.VolumeHost;
import io.keepup.service.http.HttpServer;
import io.keepup.service.http.Routes;
import java.util.Optional;
import java.util.function.Supplier;

/** The node's data address: block I/O, the limits of recoveries, health and metrics, for people and programs over HTTP. */
public final class DataServer implements AutoCloseable {

    private final HttpServer server;
    private final String host;

    private DataServer(HttpServer server, String host) {
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
        int maxBody = settings.get(NodeSettings.HTTP_MAX_BODY);
        Routes routes = new Routes(new NodeErrors());
        new BlockRoutes(volumes, maxBody).addTo(routes);
        new LimitRoutes(recovery).addTo(routes);
        new HealthRoutes(volumes, metrics, whyNotReady).addTo(routes);
        try {
            return new DataServer(
                    HttpServer.start(settings.listenHost(), settings.listenPort(), maxBody, routes),
                    settings.listenHost());
        } catch (RuntimeException e) {
            throw new NodeStartException(
                    "the data address %s:%s cannot be listened on (%s): name a free one"
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
        server.close();
    }
}
