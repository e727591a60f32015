package io.keepup.service.http;

import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.keepup.service.http.RequestException.Kind;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Which path answers what to which method. HEAD is answered as GET, without the body; any other method that a path does not have is
 * 405 with {@code Allow}. The path is taken apart before it is decoded: a variable may hold a slash, sent as {@code %2F}, and {@code ..}
 * is a part like any other.
 */
public final class Routes {

    private static final String GET = "GET";
    private static final String HEAD = "HEAD";

    /** Answers one kind of request. */
    public interface Handler {
        /** @throws RuntimeException to be said by {@link Errors} */
        Answer answer(Request request);
    }

    /** Sends an answer that has no end, itself. */
    public interface Stream {
        void send(ServerRequest request, ServerResponse response);
    }

    /** Says a failure in this server's form. */
    public interface Errors {
        /** @param request what failed, for a log */
        Answer of(String request, RuntimeException failure);
    }

    private record Route(Query query, Handler handler, Stream stream) {}

    private record Path(List<String> pattern, Map<String, Route> methods) {

        Optional<Map<String, String>> match(List<String> path) {
            if (path.size() != pattern.size()) {
                return Optional.empty();
            }
            Map<String, String> variables = new HashMap<>();
            for (int i = 0; i < path.size(); i++) {
                String expected = pattern.get(i);
                if (expected.startsWith("{")) {
                    variables.put(expected.substring(1, expected.length() - 1), path.get(i));
                } else if (!expected.equals(path.get(i))) {
                    return Optional.empty();
                }
            }
            return Optional.of(variables);
        }
    }

    private final Errors errors;
    private final Map<List<String>, Path> paths = new LinkedHashMap<>();

    public Routes(Errors errors) {
        this.errors = errors;
    }

    /**
     * Adds an answer.
     *
     * @param path with variables in braces, as in {@code /volumes/{id}}; of two that match the one added first counts
     */
    public Routes on(String method, String path, Query query, Handler handler) {
        return add(method, path, new Route(query, handler, null));
    }

    /** Adds an answer to GET. */
    public Routes get(String path, Query query, Handler handler) {
        return on(GET, path, query, handler);
    }

    /** Adds an answer to GET that has no end. */
    public Routes stream(String path, String contentType, Stream stream) {
        return add(GET, path, new Route(Query.ANY, request -> Answer.ok(contentType, new byte[0]), stream));
    }

    private Routes add(String method, String path, Route route) {
        List<String> pattern = Urls.segments(path);
        paths.computeIfAbsent(pattern, p -> new Path(p, new LinkedHashMap<>()))
                .methods()
                .put(method, route);
        return this;
    }

    Errors errors() {
        return errors;
    }

    void handle(ServerRequest request, ServerResponse response) {
        String method = request.prologue().method().text();
        boolean head = method.equals(HEAD);
        Answer answer;
        try {
            Found found = find(head ? GET : method, Urls.segments(request.path().rawPath()));
            Request known = new Request(
                    request,
                    found.variables(),
                    found.route().query().parse(request.query().rawValue()));
            if (found.route().stream() != null && !head) {
                found.route().stream().send(request, response);
                return;
            }
            answer = found.route().handler().answer(known);
        } catch (RuntimeException e) {
            answer = errors.of("%s %s".formatted(method, request.path().rawPath()), e);
            if (e instanceof RequestException refusal && !refusal.allowed().isEmpty()) {
                answer = answer.with("Allow", String.join(", ", refusal.allowed()));
            }
        }
        send(response, answer, head);
    }

    private record Found(Route route, Map<String, String> variables) {}

    private Found find(String method, List<String> path) {
        Set<String> allowed = new TreeSet<>();
        for (Path candidate : paths.values()) {
            Optional<Map<String, String>> variables = candidate.match(path);
            Route route = candidate.methods().get(method);
            if (variables.isPresent() && route != null) {
                return new Found(route, variables.get());
            }
            if (variables.isPresent()) {
                allowed.addAll(candidate.methods().keySet());
            }
        }
        if (allowed.isEmpty()) {
            throw new RequestException(
                    Kind.NOT_FOUND, "there is nothing at /%s: look at the path".formatted(String.join("/", path)));
        }
        if (allowed.contains(GET)) {
            allowed.add(HEAD);
        }
        throw RequestException.methodNotAllowed(method, allowed);
    }

    private static void send(ServerResponse response, Answer answer, boolean head) {
        response.status(answer.status()).header(HeaderNames.CONTENT_TYPE, answer.contentType());
        answer.headers().forEach(response::header);
        if (head) { // the web server would send the body
            response.contentLength(answer.body().length);
            response.send();
        } else {
            response.send(answer.body());
        }
    }
}
