package io.keepup.service.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** A connection on which anything may be written, whether it is HTTP or not. */
final class RawHttp implements AutoCloseable {

    private static final int LIMIT_MS = 20_000;

    record Response(int status, Map<String, String> headers, String body) {}

    private final Socket socket;
    private final BufferedReader in;

    RawHttp(int port) throws IOException {
        socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setSoTimeout(LIMIT_MS);
        in = new BufferedReader(new InputStreamReader(socket.getInputStream(), ISO_8859_1));
    }

    /** Lines become CRLF lines; an empty one ends the headers. */
    RawHttp write(String text) throws IOException {
        socket.getOutputStream().write(text.replace("\n", "\r\n").getBytes(ISO_8859_1));
        socket.getOutputStream().flush();
        return this;
    }

    /** Says that nothing more will be written. */
    RawHttp end() throws IOException {
        socket.shutdownOutput();
        return this;
    }

    /** The next response, without a body. */
    Response head() throws IOException {
        String first = in.readLine();
        if (first == null) {
            throw new IOException("the connection was closed");
        }
        Map<String, String> headers = new TreeMap<>();
        for (String line = in.readLine(); !line.isEmpty(); line = in.readLine()) {
            int colon = line.indexOf(':');
            headers.put(
                    line.substring(0, colon).toLowerCase(Locale.ROOT),
                    line.substring(colon + 1).strip());
        }
        return new Response(Integer.parseInt(first.split(" ")[1]), headers, "");
    }

    /** The next response, with a body of the length it says. */
    Response response() throws IOException {
        Response head = head();
        char[] body = new char[Integer.parseInt(head.headers().getOrDefault("content-length", "0"))];
        int length = 0;
        for (int read = 0; length < body.length && read >= 0; length += Math.max(read, 0)) {
            read = in.read(body, length, body.length - length);
        }
        return new Response(head.status(), head.headers(), new String(body, 0, length));
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
