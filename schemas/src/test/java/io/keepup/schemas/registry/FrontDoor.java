package io.keepup.schemas.registry;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;

/** What stands before a registry in a company: a proxy that asks for a login, speaks TLS, is overloaded, or serves something else. */
final class FrontDoor implements AutoCloseable {

    private final HttpServer server;
    private final String scheme;
    private final String registry;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final HttpClient http = HttpClient.newHttpClient();
    private final CountDownLatch closing = new CountDownLatch(1);
    private final AtomicInteger requests = new AtomicInteger();
    private final AtomicInteger refusals = new AtomicInteger();
    private volatile String login;
    private volatile boolean silent;
    private volatile int refusal;

    private FrontDoor(HttpServer server, String scheme, String registry) {
        this.server = server;
        this.scheme = scheme;
        this.registry = registry;
        server.setExecutor(threads);
        server.createContext("/", this::handle);
        server.start();
    }

    static FrontDoor before(String registry) throws IOException {
        return new FrontDoor(HttpServer.create(anyPort(), 0), "http", registry);
    }

    static FrontDoor before(String registry, SSLContext tls) throws IOException {
        HttpsServer server = HttpsServer.create(anyPort(), 0);
        server.setHttpsConfigurator(new HttpsConfigurator(tls));
        return new FrontDoor(server, "https", registry);
    }

    private static InetSocketAddress anyPort() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    }

    /** Asks for this Authorization header from now on. */
    FrontDoor asking(String authorization) {
        login = authorization;
        return this;
    }

    /** Takes requests and never answers. */
    FrontDoor silent() {
        silent = true;
        return this;
    }

    /** Answers the next requests with a status and no JSON. */
    FrontDoor refusing(int times, int status) {
        refusal = status;
        refusals.set(times);
        return this;
    }

    String url() {
        return "%s://127.0.0.1:%d".formatted(scheme, server.getAddress().getPort());
    }

    /** Requests so far. */
    int requests() {
        return requests.get();
    }

    private void handle(HttpExchange exchange) throws IOException {
        requests.incrementAndGet();
        try (exchange) {
            if (silent) {
                closing.await();
            } else if (login != null
                    && !login.equals(exchange.getRequestHeaders().getFirst("Authorization"))) {
                answer(exchange, 401, "{\"error_code\":401,\"message\":\"Unauthorized\"}");
            } else if (refusals.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
                answer(exchange, refusal, "<h1>not here</h1>");
            } else {
                forward(exchange);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void forward(HttpExchange exchange) throws IOException, InterruptedException {
        HttpResponse<String> response = http.send(
                HttpRequest.newBuilder(
                                URI.create(registry + exchange.getRequestURI().getRawPath()))
                        .header("Content-Type", exchange.getRequestHeaders().getFirst("Content-Type"))
                        .method(
                                exchange.getRequestMethod(),
                                HttpRequest.BodyPublishers.ofByteArray(
                                        exchange.getRequestBody().readAllBytes()))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
        answer(exchange, response.statusCode(), response.body());
    }

    private static void answer(HttpExchange exchange, int status, String text) throws IOException {
        byte[] body = text.getBytes(java.nio.charset.StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(status, body.length);
        exchange.getResponseBody().write(body);
    }

    @Override
    public void close() {
        closing.countDown();
        server.stop(0);
        threads.shutdownNow();
        http.close();
    }
}
