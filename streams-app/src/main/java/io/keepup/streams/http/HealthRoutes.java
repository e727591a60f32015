package io.keepup.streams.http;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.keepup.service.http.Answer;
import io.keepup.service.http.Query;
import io.keepup.service.http.Routes;
import io.keepup.streams.Health;
import java.util.Optional;

/** {@code /livez}: whether to restart the process; {@code /readyz}: whether to ask it anything. */
final class HealthRoutes {

    private final Health health;

    HealthRoutes(Health health) {
        this.health = health;
    }

    void addTo(Routes routes) {
        routes.get("/livez", Query.ANY, request -> answer("alive", health.whyNotAlive()))
                .get("/readyz", Query.ANY, request -> answer("ready", health.whyNotReady()));
    }

    private static Answer answer(String what, Optional<String> objection) {
        return Answers.json(
                objection.isEmpty() ? 200 : 503,
                JsonNodeFactory.instance
                        .objectNode()
                        .put(what, objection.isEmpty())
                        .put("reason", objection.orElse("")));
    }
}
