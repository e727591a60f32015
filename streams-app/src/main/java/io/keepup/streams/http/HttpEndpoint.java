package io.keepup.streams.http;

import io.keepup.service.http.HttpServer;
import io.keepup.service.http.Query;
import io.keepup.service.http.Routes;
import io.keepup.streams.Health;
import io.keepup.streams.StartException;
import io.keepup.streams.view.ProjectionView;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.function.Supplier;

/** Page, API, metrics and health over HTTP. Knows no login: keep it on loopback, or behind something that does. */
public final class HttpEndpoint implements AutoCloseable {

    private static final String METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

    /** Nothing here takes a body. */
    private static final int MAX_BODY = 4096;

    private final HttpServer server;
    private final String host;

    private HttpEndpoint(HttpServer server, String host) {
        this.server = server;
        this.host = host;
    }

    /**
     * Binds and serves.
     *
     * @param port 0 for any free one
     * @param scrape all metrics in Prometheus' text format
     * @throws StartException when the port cannot be had
     */
    public static HttpEndpoint start(
            String host, int port, ProjectionView view, Health health, Supplier<String> scrape) {
        probe(host, port);
        Routes routes = new Routes(Answers::failure);
        new VolumeRoutes(view).addTo(routes);
        routes.stream("/api/stream", "text/event-stream", new ChangeStream(view)::handle)
                .get("/metrics", Query.ANY, request -> Answers.text(METRICS_TYPE, scrape.get()));
        new HealthRoutes(health).addTo(routes);
        new PageRoutes().addTo(routes);
        try {
            return new HttpEndpoint(HttpServer.start(host, port, MAX_BODY, routes), host);
        } catch (IllegalStateException e) {
            throw new StartException(
                    "the HTTP server on %s:%s does not start: %s".formatted(host, port, e.getMessage()), e);
        }
    }

    /** Finds out beforehand what Helidon would only log. */
    private static void probe(String host, int port) {
        InetSocketAddress address = new InetSocketAddress(host, port);
        if (address.isUnresolved()) {
            throw new StartException("there is no address for HTTP host %s: use one of this machine's".formatted(host));
        }
        try (ServerSocket socket = new ServerSocket()) {
            socket.bind(address);
        } catch (IOException e) {
            throw new StartException(
                    "port %s on %s cannot be had (%s): stop what uses it, or choose another one"
                            .formatted(port, host, e.getMessage()),
                    e);
        }
    }

    /** The port, also when any free one was asked for. */
    public int port() {
        return server.port();
    }

    /** Address of the page. */
    public String url() {
        return "http://%s:%s/".formatted(host, port());
    }

    @Override
    public void close() {
        server.close();
    }
}
