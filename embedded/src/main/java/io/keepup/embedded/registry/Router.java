package io.keepup.embedded.registry;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.keepup.embedded.registry.RegistryException.Code;
import io.keepup.service.failure.RepeatedFailureLog;
import io.keepup.service.http.Answer;
import io.keepup.service.http.Query;
import io.keepup.service.http.RequestException;
import io.keepup.service.http.Routes;
import java.util.LinkedHashMap;
import java.util.Map;
import org.slf4j.LoggerFactory;

/** Gives the routes of the REST API its content type and its form of an error. */
final class Router {

    private static final String CONTENT_TYPE = "application/vnd.schemaregistry.v1+json";
    private static final RepeatedFailureLog failures = new RepeatedFailureLog(LoggerFactory.getLogger(Router.class));

    private final Routes routes = new Routes(Router::error);

    /** What is answered: an object to print as JSON, or {@link Verbatim}. */
    interface Content {
        Object to(Call call);
    }

    /** An answer that is JSON already. */
    record Verbatim(String json) {}

    /**
     * Adds an answer.
     *
     * @param path with variables in braces, as in {@code /subjects/{subject}}
     */
    Router on(String method, String path, Content content) {
        routes.on(method, path, Query.ANY, request -> answer(200, content.to(new Call(request))));
        return this;
    }

    Routes routes() {
        return routes;
    }

    private static Answer error(String request, RuntimeException failure) {
        return switch (failure) {
            case RegistryException refusal -> error(refusal.code(), refusal.getMessage());
            case RequestException wrong -> {
                int status = wrong.kind().status();
                yield error(status, status, "HTTP %s: %s".formatted(status, wrong.getMessage()));
            }
            default -> {
                failures.error("request", request + " failed", failure);
                yield error(Code.INTERNAL, "Internal Server Error: the registry's log says more");
            }
        };
    }

    private static Answer error(Code code, String message) {
        return error(code.httpStatus(), code.number(), message);
    }

    private static Answer error(int status, int code, String message) {
        Map<String, Object> error = new LinkedHashMap<>();
        error.put("error_code", code);
        error.put("message", message);
        return answer(status, error);
    }

    private static Answer answer(int status, Object content) {
        byte[] bytes = content instanceof Verbatim verbatim
                ? verbatim.json().getBytes(UTF_8)
                : Answer.json(status, content).body();
        return new Answer(status, CONTENT_TYPE, bytes, Map.of());
    }
}
