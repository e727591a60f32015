package io.keepup.node.http;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.helidon.http.HeaderNames;
import io.helidon.http.Status;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http.ServerResponse;
import io.keepup.node.NodeMetrics;
import io.keepup.node.hosting.VolumeHost;
import java.util.Iterator;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Whether the node is well, and what it counts.
 *
 * <pre>
 * GET /livez      200 as long as the process answers
 * GET /readyz     200 when it takes commands and serves every volume it has, else 503 and why not
 * GET /metrics    its counters in Prometheus' text format
 * </pre>
 */
final class HealthRoutes {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

    private final VolumeHost volumes;
    private final NodeMetrics metrics;
    private final Supplier<Optional<String>> node;

    /** @param node why the node takes no commands; empty when it does */
    HealthRoutes(VolumeHost volumes, NodeMetrics metrics, Supplier<Optional<String>> node) {
        this.volumes = volumes;
        this.metrics = metrics;
        this.node = node;
    }

    void addTo(HttpRouting.Builder routing) {
        routing.get("/livez", (request, response) -> answer(response, "alive", Optional.empty()))
                .get("/readyz", (request, response) -> answer(response, "ready", whyNotReady()))
                .get("/metrics", (request, response) -> {
                    response.header(HeaderNames.CONTENT_TYPE, METRICS_TYPE);
                    response.send(scrape());
                });
    }

    private Optional<String> whyNotReady() {
        Optional<String> objection = node.get();
        if (objection.isPresent()) {
            return objection;
        }
        Iterator<Map.Entry<String, String>> refused =
                volumes.unopened().entrySet().iterator();
        if (!refused.hasNext()) {
            return Optional.empty();
        }
        Map.Entry<String, String> first = refused.next();
        return Optional.of("volume %s is not served: %s".formatted(first.getKey(), first.getValue()));
    }

    private String scrape() {
        StringBuilder text = new StringBuilder();
        sample(text, "keepup_node_volumes", "gauge", volumes.volumes().size());
        sample(text, "keepup_node_volumes_refused", "gauge", volumes.unopened().size());
        metrics.all()
                .forEach((counter, value) -> sample(
                        text, "keepup_node_" + counter.name().toLowerCase(Locale.ROOT) + "_total", "counter", value));
        return text.toString();
    }

    private static void sample(StringBuilder text, String name, String type, long value) {
        text.append("# TYPE ").append(name).append(' ').append(type).append('\n');
        text.append(name).append(' ').append(value).append('\n');
    }

    private static void answer(ServerResponse response, String what, Optional<String> objection) {
        response.status(objection.isEmpty() ? Status.OK_200 : Status.SERVICE_UNAVAILABLE_503);
        response.header(HeaderNames.CONTENT_TYPE, "application/json");
        try {
            response.send(JSON.writeValueAsBytes(Map.of(what, objection.isEmpty(), "reason", objection.orElse(""))));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("an answer has no JSON form", e);
        }
    }
}
