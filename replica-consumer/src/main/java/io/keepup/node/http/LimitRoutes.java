package io.keepup.node.http;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.keepup.node.RecoveryLimits;
import java.io.IOException;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What recoveries may take of the node, until it ends; the next start takes its settings again.
 *
 * <pre>
 * GET /limits     {"rebuilds": 2, "bytesPerSecond": 0}
 * PUT /limits     the same, or a part of it: from now on
 * </pre>
 */
final class LimitRoutes {

    private static final Logger log = LoggerFactory.getLogger(LimitRoutes.class);
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String REBUILDS = "rebuilds";
    private static final String RATE = "bytesPerSecond";

    private final RecoveryLimits limits;

    LimitRoutes(RecoveryLimits limits) {
        this.limits = limits;
    }

    void addTo(HttpRouting.Builder routing) {
        routing.get("/limits", (request, response) -> send(response)).put("/limits", this::set);
    }

    private void set(ServerRequest request, ServerResponse response) {
        RecoveryLimits.Values values = limits.values();
        for (Map.Entry<String, JsonNode> field : body(request).properties()) {
            long value = number(field);
            values = switch (field.getKey()) {
                case REBUILDS ->
                    new RecoveryLimits.Values(
                            (int) Math.min(Integer.MAX_VALUE, Math.max(0, value)), values.bytesPerSecond());
                case RATE -> new RecoveryLimits.Values(values.rebuilds(), value);
                default ->
                    throw new IllegalArgumentException(
                            "'%s' is no limit: there are %s and %s".formatted(field.getKey(), REBUILDS, RATE));
            };
        }
        limits.set(values);
        log.info("Recoveries from now on: {}", values);
        send(response);
    }

    private static JsonNode body(ServerRequest request) {
        try {
            if (request.content().hasEntity()) {
                JsonNode body = JSON.readTree(request.content().as(byte[].class));
                if (body.isObject()) {
                    return body;
                }
            }
        } catch (IOException e) {
            log.debug("no JSON", e);
        }
        throw new IllegalArgumentException(
                "the body must be JSON like {\"%s\": 2, \"%s\": 0}".formatted(REBUILDS, RATE));
    }

    private static long number(Map.Entry<String, JsonNode> field) {
        if (!field.getValue().isIntegralNumber() || !field.getValue().canConvertToLong()) {
            throw new IllegalArgumentException(
                    "%s must be a whole number, not %s".formatted(field.getKey(), field.getValue()));
        }
        return field.getValue().asLong();
    }

    private void send(ServerResponse response) {
        RecoveryLimits.Values values = limits.values();
        response.header(HeaderNames.CONTENT_TYPE, "application/json");
        try {
            response.send(JSON.writeValueAsBytes(Map.of(REBUILDS, values.rebuilds(), RATE, values.bytesPerSecond())));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("an answer has no JSON form", e);
        }
    }
}
