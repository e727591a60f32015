package io.keepup.embedded.registry;

import io.keepup.embedded.EmbeddedStartException;
import io.keepup.embedded.EmbeddedStartException.Reason;
import io.keepup.service.http.HttpServer;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A small schema registry for Avro that speaks Confluent's REST API on loopback and keeps everything in the compacted
 * topic {@code _schemas} of its broker. Default compatibility is FULL_TRANSITIVE. A registration is answered when the
 * broker has acknowledged it. One registry per broker at a time: it hands out the ids.
 */
public final class EmbeddedRegistry implements AutoCloseable {

    private static final String HOST = "127.0.0.1";
    /** Beyond any schema taken ({@link Call#MAX_SCHEMA_CHARS}) however it is escaped; such a request is cut off. */
    static final int MAX_REQUEST_BYTES = 16 << 20;

    /** How long the broker may take to answer before a start or a request fails. */
    private static final Duration BROKER_LIMIT = Duration.ofSeconds(10);

    private final HttpServer server;
    private final SchemasTopic topic;
    private final AtomicBoolean closed = new AtomicBoolean();

    private EmbeddedRegistry(HttpServer server, SchemasTopic topic) {
        this.server = server;
        this.topic = topic;
    }

    /** Starts on a broker that asks for no TLS or login: {@link #start(Map, int)}. */
    public static EmbeddedRegistry start(String bootstrapServers, int port) {
        return start(Map.of("bootstrap.servers", bootstrapServers), port);
    }

    /**
     * Reads everything the topic holds and returns when requests are served.
     *
     * @param clientSettings Kafka client settings, {@code bootstrap.servers} at least
     * @param port on 127.0.0.1, 0 for any free one
     * @throws EmbeddedStartException when it cannot start; nothing is left running
     */
    public static EmbeddedRegistry start(Map<String, Object> clientSettings, int port) {
        RegistryState state = new RegistryState();
        SchemasTopic topic = SchemasTopic.open(clientSettings, state::apply, BROKER_LIMIT);
        try {
            Router router = new RegistryRoutes(new Registry(state, topic)).router();
            return new EmbeddedRegistry(HttpServer.start(HOST, port, MAX_REQUEST_BYTES, router.routes()), topic);
        } catch (IllegalStateException e) {
            topic.close();
            throw new EmbeddedStartException(
                    Reason.PORT_IN_USE,
                    "port %s on %s for the schema registry cannot be bound: stop the program that has it, or choose another port (0 for any free one)"
                            .formatted(port, HOST),
                    e);
        } catch (EmbeddedStartException | Error e) {
            topic.close();
            throw e;
        } catch (RuntimeException e) {
            topic.close();
            throw new EmbeddedStartException(
                    Reason.FAILED,
                    "the schema registry cannot listen on %s:%s (%s): choose another port"
                            .formatted(HOST, port, e.getMessage()),
                    e);
        }
    }

    /** The base URL, without a slash at its end. */
    public String url() {
        return "http://" + HOST + ":" + port();
    }

    /** The port listened on. */
    public int port() {
        return server.port();
    }

    /** Stops serving, then reading; a second call does nothing. */
    @Override
    public void close() {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        try {
            server.close();
        } finally {
            topic.close();
        }
    }
}
