package io.keepup.node.http;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.keepup.node.RecoveryLimits;
import io.keepup.service.http.Answer;
import io.keepup.service.http.Query;
import io.keepup.service.http.Request;
import io.keepup.service.http.RequestException;
import io.keepup.service.http.RequestException.Kind;
import io.keepup.service.http.Routes;
import java.io.IOException;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What recoveries may take of this node, to be changed while it runs; a restart forgets it.
 *
 * <pre>
 * GET /limits     {"rebuilds": 2, "bytesPerSecond": 0}
 * PUT /limits     the same, or a part of it: from now on
 * </pre>
 */
final class LimitRoutes {

    private static final Logger log = LoggerFactory.getLogger(LimitRoutes.class);
    private static final ObjectMapper JSON = new ObjectMapper()
            .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);
    private static final String REBUILDS = "rebuilds";
    private static final String RATE = "bytesPerSecond";
    private static final int MAX_BODY = 4096;

    private final RecoveryLimits limits;

    LimitRoutes(RecoveryLimits limits) {
        this.limits = limits;
    }

    void addTo(Routes routes) {
        routes.get("/limits", Query.NONE, request -> answer()).on("PUT", "/limits", Query.NONE, this::set);
    }

    private Answer set(Request request) {
        RecoveryLimits.Values values = limits.values();
        for (Map.Entry<String, JsonNode> field : body(request).properties()) {
            values = switch (field.getKey()) {
                case REBUILDS ->
                    new RecoveryLimits.Values((int) number(field, Integer.MAX_VALUE), values.bytesPerSecond());
                case RATE -> new RecoveryLimits.Values(values.rebuilds(), number(field, Long.MAX_VALUE));
                default ->
                    throw RequestException.bad(
                            "'%s' is no limit: there are %s and %s".formatted(field.getKey(), REBUILDS, RATE));
            };
        }
        limits.set(values);
        log.info("Recoveries from now on: {}", values);
        return answer();
    }

    private static JsonNode body(Request request) {
        String wanted = "the body must be JSON like {\"%s\": 2, \"%s\": 0}".formatted(REBUILDS, RATE);
        try {
            JsonNode body = JSON.readTree(request.body(MAX_BODY));
            if (body.isObject() && !body.isEmpty()) {
                return body;
            }
        } catch (IOException e) {
            throw new RequestException(Kind.BAD_REQUEST, wanted, e);
        }
        throw RequestException.bad(wanted);
    }

    private static long number(Map.Entry<String, JsonNode> field, long most) {
        JsonNode value = field.getValue();
        if (!value.isIntegralNumber() || !value.canConvertToLong() || value.asLong() < 0 || value.asLong() > most) {
            throw RequestException.bad(
                    "%s must be a whole number from 0 to %s, not %s".formatted(field.getKey(), most, value));
        }
        return value.asLong();
    }

    private Answer answer() {
        RecoveryLimits.Values values = limits.values();
        return Answer.json(200, Map.of(REBUILDS, values.rebuilds(), RATE, values.bytesPerSecond()));
    }
}
