package io.keepup.streams.http;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.helidon.http.Status;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import io.helidon.webserver.http.ServerResponse;
import io.keepup.streams.Health;
import java.util.Optional;

/** {@code /livez}: whether to restart the process; {@code /readyz}: whether to ask it anything. */
final class HealthRoutes implements HttpService {

    private final Health health;

    HealthRoutes(Health health) {
        this.health = health;
    }

    @Override
    public void routing(HttpRules rules) {
        rules.get("/livez", (request, response) -> answer(response, "alive", health.whyNotAlive()))
                .get("/readyz", (request, response) -> answer(response, "ready", health.whyNotReady()));
    }

    private static void answer(ServerResponse response, String what, Optional<String> objection) {
        if (objection.isPresent()) {
            response.status(Status.SERVICE_UNAVAILABLE_503);
        }
        Answers.json(
                response,
                JsonNodeFactory.instance
                        .objectNode()
                        .put(what, objection.isEmpty())
                        .put("reason", objection.orElse("")));
    }
}
