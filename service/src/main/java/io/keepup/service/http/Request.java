package io.keepup.service.http;

import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.ServerRequest;
import io.keepup.service.http.RequestException.Kind;
import io.keepup.service.text.OneLine;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** One request whose path, method and parameters are known; what is read of it is within its bounds, or refused. */
public final class Request {

    private static final Pattern NUMBER = Pattern.compile("-?[0-9]+");

    private final ServerRequest server;
    private final Map<String, String> path;
    private final Map<String, String> query;

    Request(ServerRequest server, Map<String, String> path, Map<String, String> query) {
        this.server = server;
        this.path = path;
        this.query = query;
    }

    /** A variable of the path, decoded. */
    public String path(String name) {
        return path.get(name);
    }

    /** A variable of the path that is a whole number. */
    public long pathNumber(String name, long least, long most) {
        return number(name, path.get(name), least, most);
    }

    /** A query parameter, decoded. */
    public String query(String name, String otherwise) {
        return query.getOrDefault(name, otherwise);
    }

    /** A query parameter that is a whole number. */
    public long number(String name, long least, long most, long otherwise) {
        String text = query.get(name);
        return text == null ? otherwise : number(name, text, least, most);
    }

    /** A query parameter that is one of some words; the first of them when it is absent. */
    public String word(String name, String... words) {
        String word = query.getOrDefault(name, words[0]);
        if (!List.of(words).contains(word)) {
            throw RequestException.bad(
                    "%s must be %s, not '%s'".formatted(name, String.join(" or ", words), shown(word)));
        }
        return word;
    }

    private static long number(String name, String text, long least, long most) {
        if (NUMBER.matcher(text).matches()) { // which leaves out the digits of other scripts, that parseLong takes
            try {
                long value = Long.parseLong(text);
                if (value >= least && value <= most) {
                    return value;
                }
            } catch (NumberFormatException e) {
                // larger than any bound
            }
        }
        throw RequestException.bad("%s must be a whole number%s, not '%s'"
                .formatted(
                        name,
                        most == Long.MAX_VALUE
                                ? " of %s or more".formatted(least)
                                : " from %s to %s".formatted(least, most),
                        shown(text)));
    }

    /**
     * All of the body, which may be absent.
     *
     * @throws RequestException when it has more than {@code most} bytes, ends too early, or is a part of something
     */
    public byte[] body(int most) {
        if (server.headers().contains(HeaderNames.CONTENT_RANGE)) {
            throw RequestException.bad("a part of a body is not taken: send all of it, without Content-Range");
        }
        if (server.headers().contentLength().orElse(0) > most) {
            throw tooLarge(most);
        }
        byte[] body = server.content().hasEntity() ? read(most) : new byte[0];
        if (body.length > most) {
            throw tooLarge(most);
        }
        return body;
    }

    /** At most one byte more than that. */
    private byte[] read(int most) {
        try (InputStream content = server.content().inputStream()) {
            return content.readNBytes(most + 1);
        } catch (io.helidon.http.RequestException e) {
            throw e.status().code() == Kind.TOO_LARGE.status() ? tooLarge(most) : unreadable(e);
        } catch (IOException
                | RuntimeException e) { // the web server has an exception of its own for a connection that ends
            throw unreadable(e);
        }
    }

    private static RequestException unreadable(Exception e) {
        return new RequestException(
                Kind.BAD_REQUEST, "the body ends too early, or is not chunked as it should be: send all of it", e);
    }

    private static RequestException tooLarge(int most) {
        return new RequestException(Kind.TOO_LARGE, "the body is too large: send at most %s bytes".formatted(most));
    }

    private static String shown(String text) {
        String printable = OneLine.printable(text);
        return printable.length() > 40 ? printable.substring(0, 40) + "…" : printable;
    }

    /** Method and path, for a log. */
    @Override
    public String toString() {
        return "%s %s"
                .formatted(server.prologue().method().text(), server.path().rawPath());
    }
}
