package io.keepup.streams.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.keepup.service.failure.RepeatedFailureLog;
import io.keepup.service.http.Answer;
import io.keepup.service.http.RequestException;
import java.nio.charset.StandardCharsets;
import org.slf4j.LoggerFactory;

/** How this API answers: JSON, never cached; an error is {@code {"error": sentence}}. */
final class Answers {

    private static final RepeatedFailureLog failures = new RepeatedFailureLog(LoggerFactory.getLogger(Answers.class));

    private Answers() {}

    static Answer json(int status, JsonNode body) {
        return fresh(Answer.json(status, body));
    }

    static Answer error(int status, String sentence) {
        return json(status, JsonNodeFactory.instance.objectNode().put("error", sentence));
    }

    static Answer text(String contentType, String body) {
        return fresh(Answer.ok(contentType, body.getBytes(StandardCharsets.UTF_8)));
    }

    /** The answer to a request that failed. */
    static Answer failure(String request, RuntimeException failure) {
        if (failure instanceof RequestException wrong) {
            return error(wrong.kind().status(), wrong.getMessage());
        }
        failures.error("request", request + " failed", failure);
        return error(500, "this request failed: the log of the Streams app says why");
    }

    private static Answer fresh(Answer answer) {
        return answer.with("Cache-Control", "no-store");
    }
}
