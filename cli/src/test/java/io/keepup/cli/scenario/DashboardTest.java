package io.keepup.cli.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.keepup.node.NodeAddress;
import io.keepup.streams.StreamsSettings;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The dashboard of {@code docker/} asks for nothing that a running app or node does not say at {@code /metrics}. */
@Timeout(300)
class DashboardTest {

    static final Path DOCKER = Path.of(System.getProperty("keepup.root"), "docker");
    private static final Pattern BY = Pattern.compile("by \\(([^)]*)\\)");
    private static final Pattern NAME = Pattern.compile("[a-zA-Z_][a-zA-Z0-9_]*(?![a-zA-Z0-9_(]| ?\\()");

    /** What Prometheus itself adds. */
    private static final Set<String> LABELS_OF_PROMETHEUS = Set.of("instance", "job");

    private static final String METRIC_OF_PROMETHEUS = "up";

    @RegisterExtension
    final VolumeUnderTest volume = new VolumeUnderTest(1 << 20, SharedCluster::ofClass);

    private final String p = volume.node("p");
    private final String r = volume.node("r");

    @Test
    void every_metric_of_the_dashboard_is_one_that_is_exposed_with_the_labels_it_is_asked_for() throws Exception {
        // given an app that has had something of everything: commands, a refusal, an alarm of the watchdog
        SharedCluster cluster = volume.cluster();
        cluster.startFold("a", Map.of(StreamsSettings.WATCHDOG_SILENCE, "8000"));
        volume.bootstrap(p, r);
        volume.awaitHealthyAt(volume.burst(p, 5));
        String metrics = scrape(p);
        volume.stop(p);
        volume.awaitReason("primary_silent");
        metrics += cluster.get("metrics");

        Map<String, String> series = metrics.lines()
                .filter(line -> !line.startsWith("#"))
                .collect(Collectors.toMap(line -> line.split("[{ ]")[0], line -> line, (a, b) -> a));
        List<String> expressions = expressions();
        assertThat(expressions).hasSizeGreaterThan(10);
        Set<String> asked = new TreeSet<>();
        for (String expression : expressions) {
            Set<String> labels = new HashSet<>();
            BY.matcher(expression)
                    .results()
                    .forEach(by -> labels.addAll(List.of(by.group(1).split(", *"))));
            labels.removeAll(LABELS_OF_PROMETHEUS);
            for (String name : names(expression)) {
                asked.add(name);
                assertThat(series).as("of '%s'", expression).containsKey(name);
                labels.forEach(label ->
                        assertThat(series.get(name)).as("of '%s'", expression).contains(label + "=\""));
            }
        }
        assertThat(asked)
                .contains("keepup_volumes", "keepup_watchdog_alarms_total", "keepup_node_wal_bytes_shipped_total");
    }

    static JsonNode dashboard() throws IOException {
        return new ObjectMapper()
                .readTree(DOCKER.resolve("grafana/dashboards/keepup.json").toFile());
    }

    private static List<String> expressions() throws IOException {
        List<String> expressions = new ArrayList<>();
        dashboard().path("panels").forEach(panel -> panel.path("targets")
                .forEach(target -> expressions.add(target.path("expr").asText())));
        return expressions;
    }

    /** Names of metrics: what is no label, no duration, no number and no function. */
    private static List<String> names(String expression) {
        String bare =
                BY.matcher(expression.replaceAll("\\{[^}]*}|\\[[^]]*]", "")).replaceAll("");
        return NAME.matcher(bare)
                .results()
                .map(name -> name.group())
                .filter(name -> !name.equals(METRIC_OF_PROMETHEUS))
                .filter(name -> !Set.of("sum", "max").contains(name)) // before "by"
                .toList();
    }

    private String scrape(String node) throws IOException, InterruptedException {
        String address = NodeAddress.read(volume.directory(node)).orElseThrow();
        try (HttpClient http = HttpClient.newHttpClient()) {
            return http.send(
                            HttpRequest.newBuilder(URI.create("http://" + address + "/metrics"))
                                    .build(),
                            HttpResponse.BodyHandlers.ofString())
                    .body();
        }
    }
}
