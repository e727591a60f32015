package io.keepup.streams.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.helidon.http.HeaderNames;
import io.helidon.http.Status;
import io.helidon.webserver.http.ServerResponse;
import java.nio.charset.StandardCharsets;

/** How this API answers: JSON, never cached; an error is {@code {"error": sentence}}. */
final class Answers {

    private Answers() {}

    static void json(ServerResponse response, JsonNode body) {
        send(response, "application/json", body.toString());
    }

    static void error(ServerResponse response, Status status, String sentence) {
        response.status(status);
        json(response, JsonNodeFactory.instance.objectNode().put("error", sentence));
    }

    static void send(ServerResponse response, String contentType, String body) {
        response.header(HeaderNames.CONTENT_TYPE, contentType)
                .header(HeaderNames.CACHE_CONTROL, "no-store")
                .send(body.getBytes(StandardCharsets.UTF_8));
    }
}
