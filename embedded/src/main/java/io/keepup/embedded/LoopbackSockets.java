package io.keepup.embedded;

import io.keepup.embedded.EmbeddedStartException.Reason;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.kafka.server.ServerSocketFactory;

/**
 * Listening sockets bound before the broker is configured, and handed to it by listener name. KRaft wants every port in
 * its settings before it starts: bound first, a free port cannot be taken by another in between, and a port in use is
 * found out before anything on disk is touched.
 */
final class LoopbackSockets implements ServerSocketFactory, AutoCloseable {

    static final String HOST = "127.0.0.1";

    private static final int BACKLOG = 128;

    private final Map<String, ServerSocketChannel> bound = new ConcurrentHashMap<>();

    /**
     * Binds a listener on loopback.
     *
     * @param port the port, 0 for any free one
     * @return the port bound
     * @throws EmbeddedStartException PORT_IN_USE, or FAILED when it cannot be bound for another reason
     */
    int bind(String listener, int port) {
        if (port < 0 || port > 65_535) {
            throw new EmbeddedStartException(
                    Reason.FAILED,
                    "port %s for the Kafka broker is not a port: give 1 to 65535, or 0 for any free one"
                            .formatted(port));
        }
        try {
            ServerSocketChannel channel = ServerSocketChannel.open();
            bound.put(listener, channel);
            channel.configureBlocking(false);
            channel.bind(new InetSocketAddress(InetAddress.getByName(HOST), port), BACKLOG);
            return ((InetSocketAddress) channel.getLocalAddress()).getPort();
        } catch (BindException e) {
            throw new EmbeddedStartException(
                    Reason.PORT_IN_USE,
                    "port %s on %s for the Kafka broker cannot be bound (%s): stop the program that has it, or choose another port (0 for any free one)"
                            .formatted(port, HOST, e.getMessage()),
                    e);
        } catch (IOException e) {
            throw new EmbeddedStartException(
                    Reason.FAILED,
                    "cannot listen on %s:%s for the Kafka broker (%s)".formatted(HOST, port, e.getMessage()),
                    e);
        }
    }

    @Override
    public ServerSocketChannel openServerSocket(
            String listener, InetSocketAddress address, int backlog, int receiveBufferBytes) throws IOException {
        ServerSocketChannel channel = bound.remove(listener);
        return channel != null
                ? channel
                : ServerSocketFactory.INSTANCE.openServerSocket(listener, address, backlog, receiveBufferBytes);
    }

    /** Closes what was bound and never handed over. */
    @Override
    public void close() {
        bound.values().forEach(LoopbackSockets::close);
        bound.clear();
    }

    private static void close(ServerSocketChannel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            throw new IllegalStateException("cannot close a listening socket on " + HOST, e);
        }
    }
}
