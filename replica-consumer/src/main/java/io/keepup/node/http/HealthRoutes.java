package io.keepup.node.http;

import io.keepup.node.NodeMetrics;
import io.keepup.node.event.FaultReport;
import io.keepup.node.hosting.VolumeHost;
import io.keepup.service.http.Answer;
import io.keepup.service.http.Query;
import io.keepup.service.http.Routes;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Whether the node is well, and what it counts.
 *
 * <pre>
 * GET /livez      200 as long as the process answers
 * GET /readyz     200 when it takes commands and has no volume that it cannot serve as it should, else 503 and why not
 * GET /metrics    its counters in Prometheus' text format
 * </pre>
 */
final class HealthRoutes {

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

    void addTo(Routes routes) {
        routes.get("/livez", Query.ANY, request -> answer("alive", Optional.empty()))
                .get("/readyz", Query.ANY, request -> answer("ready", whyNotReady()))
                .get(
                        "/metrics",
                        Query.ANY,
                        request -> Answer.ok(METRICS_TYPE, scrape().getBytes(StandardCharsets.UTF_8)));
    }

    private Optional<String> whyNotReady() {
        Optional<String> objection = node.get();
        if (objection.isPresent()) {
            return objection;
        }
        Map<String, FaultReport> notServed = volumes.notServed();
        return notServed.entrySet().stream().findFirst().map(first -> {
            String more = notServed.size() == 1 ? "" : ", and %s more".formatted(notServed.size() - 1);
            FaultReport why = first.getValue();
            return "volume %s is not served: %s: %s%s".formatted(first.getKey(), why.fault(), why.detail(), more);
        });
    }

    private String scrape() {
        StringBuilder text = new StringBuilder();
        sample(text, "keepup_node_volumes", "gauge", volumes.volumes().size());
        sample(text, "keepup_node_volumes_refused", "gauge", volumes.notServed().size());
        metrics.all()
                .forEach((counter, value) -> sample(
                        text, "keepup_node_" + counter.name().toLowerCase(Locale.ROOT) + "_total", "counter", value));
        return text.toString();
    }

    private static void sample(StringBuilder text, String name, String type, long value) {
        text.append("# TYPE ").append(name).append(' ').append(type).append('\n');
        text.append(name).append(' ').append(value).append('\n');
    }

    private static Answer answer(String what, Optional<String> objection) {
        return Answer.json(
                objection.isEmpty() ? 200 : 503, Map.of(what, objection.isEmpty(), "reason", objection.orElse("")));
    }
}
