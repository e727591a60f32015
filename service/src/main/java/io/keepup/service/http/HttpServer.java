package io.keepup.service.http;

import io.helidon.http.DirectHandler;
import io.helidon.http.DirectHandler.EventType;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.http.DirectHandlers;
import io.keepup.service.http.RequestException.Kind;
import java.time.Duration;

/** Serves {@link Routes} on an address. Knows no login: keep it on loopback, or behind something that does. */
public final class HttpServer implements AutoCloseable {

    /** For requests under way at the end. */
    private static final Duration FAREWELL = Duration.ofMillis(300);

    private final WebServer server;

    private HttpServer(WebServer server) {
        this.server = server;
    }

    /**
     * Binds and serves.
     *
     * @param port 0 for any free one
     * @param maxBody bytes; a larger body is refused by its length, before it is read
     * @throws IllegalStateException when the address cannot be listened on
     */
    public static HttpServer start(String host, int port, long maxBody, Routes routes) {
        WebServer server = WebServer.builder()
                .host(host)
                .port(port)
                .shutdownHook(false)
                .shutdownGracePeriod(FAREWELL)
                .maxPayloadSize(maxBody)
                .directHandlers(refusals(routes.errors(), maxBody))
                .routing(routing -> routing.any(routes::handle))
                .build()
                .start();
        if (!server.isRunning()) {
            throw new IllegalStateException(
                    "it is in use, or not one of this machine's"); // Helidon logs why and throws nothing
        }
        return new HttpServer(server);
    }

    /** What the web server refuses by itself, before there is a request to be routed or while its body is read. */
    private static DirectHandlers refusals(Routes.Errors errors, long maxBody) {
        Answer unreadable = errors.of(
                "",
                RequestException.bad(
                        "this is not a request that can be read: look at its first line, its headers and their encoding"));
        Answer tooLarge = errors.of(
                "",
                new RequestException(
                        Kind.TOO_LARGE, "the body is too large: send at most %s bytes".formatted(maxBody)));
        DirectHandler refusal = (request, type, status, headers, message) -> {
            Answer answer = status.code() == tooLarge.status() ? tooLarge : unreadable;
            return DirectHandler.TransportResponse.builder()
                    .status(status)
                    .headers(headers)
                    .header(HeaderNames.CONTENT_TYPE, answer.contentType())
                    .keepAlive(false)
                    .entity(answer.body())
                    .build();
        };
        return DirectHandlers.builder()
                .addHandler(EventType.PAYLOAD_TOO_LARGE, refusal)
                .addHandler(EventType.BAD_REQUEST, refusal)
                .build();
    }

    /** The port, also when any free one was asked for. */
    public int port() {
        return server.port();
    }

    @Override
    public void close() {
        server.stop();
    }
}
