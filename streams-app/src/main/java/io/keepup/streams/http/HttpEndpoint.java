package io.keepup.streams.http;

import io.helidon.http.Status;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.keepup.streams.Health;
import io.keepup.streams.StartException;
import io.keepup.streams.view.ProjectionView;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.function.Supplier;

/** Page, API, metrics and health over HTTP. Knows no login: keep it on loopback, or behind something that does. */
public final class HttpEndpoint implements AutoCloseable {

    private static final String METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

    /** Requests under way at the end; streams have ended by themselves before. */
    private static final Duration GRACE = Duration.ofMillis(200);

    private final WebServer server;
    private final String host;

    private HttpEndpoint(WebServer server, String host) {
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
        WebServer server = WebServer.builder()
                .host(host)
                .port(port)
                .shutdownHook(false)
                .shutdownGracePeriod(GRACE)
                .routing(routing -> routes(routing, view, health, scrape))
                .build()
                .start();
        if (!server.isRunning()) { // Helidon logs why and throws nothing
            throw new StartException("the HTTP server on %s:%d does not start: its log says why".formatted(host, port));
        }
        return new HttpEndpoint(server, host);
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
                    "port %d on %s cannot be had (%s): stop what uses it, or choose another one"
                            .formatted(port, host, e.getMessage()),
                    e);
        }
    }

    private static void routes(
            HttpRouting.Builder routing, ProjectionView view, Health health, Supplier<String> scrape) {
        ChangeStream stream = new ChangeStream(view);
        routing.register("/api/volumes", new VolumeRoutes(view))
                .get("/api/stream", stream::handle)
                .get("/metrics", (request, response) -> Answers.send(response, METRICS_TYPE, scrape.get()))
                .register("/", new HealthRoutes(health), new PageRoutes())
                .any(HttpEndpoint::unknown);
    }

    private static void unknown(ServerRequest request, ServerResponse response) {
        Answers.error(
                response,
                Status.NOT_FOUND_404,
                "there is nothing at %s".formatted(request.path().path()));
    }

    /** The port, also when any free one was asked for. */
    public int port() {
        return server.port();
    }

    /** Address of the page. */
    public String url() {
        return "http://%s:%d/".formatted(host, port());
    }

    @Override
    public void close() {
        server.stop();
    }
}
