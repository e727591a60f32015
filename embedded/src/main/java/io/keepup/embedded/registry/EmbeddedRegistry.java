package io.keepup.embedded.registry;

import java.util.Map;

/** Skeleton. */
public final class EmbeddedRegistry implements AutoCloseable {
    public static EmbeddedRegistry start(String bootstrapServers, int port) {
        return start(Map.of("bootstrap.servers", bootstrapServers), port);
    }

    public static EmbeddedRegistry start(Map<String, Object> clientSettings, int port) {
        throw new UnsupportedOperationException();
    }

    public String url() {
        throw new UnsupportedOperationException();
    }

    public int port() {
        throw new UnsupportedOperationException();
    }

    @Override
    public void close() {}
}
