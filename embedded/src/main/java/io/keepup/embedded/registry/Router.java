package io.keepup.embedded.registry;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.keepup.embedded.registry.RegistryException.Code;
import java.net.URLDecoder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds the answer to a request and sends it as JSON. It takes the path apart before decoding it, so that a subject may
 * hold a slash (sent as {@code %2F}), which the web server's own routing cannot tell from a separator.
 */
final class Router {

    private static final String CONTENT_TYPE = "application/vnd.schemaregistry.v1+json";
    private static final Logger log = LoggerFactory.getLogger(Router.class);
    private static final ObjectMapper JSON = new ObjectMapper();

    private final List<Route> routes = new ArrayList<>();

    /** What is answered: an object to print as JSON, or {@link Verbatim}. */
    interface Answer {
        Object to(Call call);
    }

    /** An answer that is JSON already. */
    record Verbatim(String json) {}

    private record Route(String method, List<String> pattern, Answer answer) {

        Optional<Map<String, String>> match(List<String> path) {
            if (path.size() != pattern.size()) {
                return Optional.empty();
            }
            Map<String, String> parameters = new HashMap<>();
            for (int i = 0; i < path.size(); i++) {
                String expected = pattern.get(i);
                if (expected.startsWith("{")) {
                    parameters.put(expected.substring(1, expected.length() - 1), path.get(i));
                } else if (!expected.equals(path.get(i))) {
                    return Optional.empty();
                }
            }
            return Optional.of(parameters);
        }
    }

    /**
     * Adds an answer.
     *
     * @param path with variables in braces, as in {@code /subjects/{subject}}
     */
    Router on(String method, String path, Answer answer) {
        routes.add(new Route(method, segments(path), answer));
        return this;
    }

    /** Answers the request, errors included. */
    void handle(ServerRequest request, ServerResponse response) throws JsonProcessingException {
        try {
            send(response, 200, answer(request));
        } catch (RegistryException e) {
            sendError(response, e.code(), e.getMessage());
        } catch (RuntimeException e) {
            log.error(
                    "{} {} failed", request.prologue().method(), request.path().rawPath(), e);
            sendError(response, Code.INTERNAL, "Internal Server Error: the registry's log says more");
        }
    }

    private Object answer(ServerRequest request) {
        String method = request.prologue().method().text();
        List<String> path = segments(request.path().rawPath());
        boolean known = false;
        for (Route route : routes) {
            Optional<Map<String, String>> parameters = route.match(path);
            if (parameters.isPresent() && route.method().equals(method)) {
                return route.answer().to(new Call(request, parameters.get()));
            }
            known |= parameters.isPresent();
        }
        throw known
                ? new RegistryException(Code.METHOD_NOT_ALLOWED, "HTTP 405 Method Not Allowed")
                : new RegistryException(Code.NOT_FOUND, "HTTP 404 Not Found");
    }

    private static List<String> segments(String rawPath) {
        List<String> segments = new ArrayList<>();
        for (String segment : rawPath.split("/")) {
            if (!segment.isEmpty()) {
                // URLDecoder is for forms, where + is a space; in a path it is itself.
                segments.add(decode(segment.replace("+", "%2B")));
            }
        }
        return segments;
    }

    private static String decode(String segment) {
        try {
            return URLDecoder.decode(segment, UTF_8);
        } catch (IllegalArgumentException e) {
            throw new RegistryException(Code.BAD_REQUEST, "HTTP 400 Bad Request: the path is not URL-encoded", e);
        }
    }

    private static void sendError(ServerResponse response, Code code, String message) throws JsonProcessingException {
        Map<String, Object> error = new LinkedHashMap<>();
        error.put("error_code", code.number());
        error.put("message", message);
        send(response, code.httpStatus(), error);
    }

    private static void send(ServerResponse response, int status, Object content) throws JsonProcessingException {
        byte[] bytes = content instanceof Verbatim verbatim
                ? verbatim.json().getBytes(UTF_8)
                : JSON.writeValueAsBytes(content);
        response.status(status).header(HeaderNames.CONTENT_TYPE, CONTENT_TYPE).send(bytes);
    }
}
