package io.keepup.cli.scenario;

import static io.keepup.cli.scenario.DashboardTest.DOCKER;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The files of Prometheus and Grafana in {@code docker/} fit each other and the compose file. */
class DashboardFilesTest {

    @Test
    void the_dashboard_is_found_by_grafana_and_asks_the_source_that_is_provisioned() throws IOException {
        String source = Files.readString(DOCKER.resolve("grafana/provisioning/datasources/prometheus.yml"));
        String providers = Files.readString(DOCKER.resolve("grafana/provisioning/dashboards/keepup.yml"));
        String compose = Files.readString(DOCKER.resolve("compose.yml"));
        String mounted = providers.replaceAll("(?s).*path: (\\S+).*", "$1");
        assertThat(compose).contains("./grafana/dashboards:" + mounted + ":ro", mounted + "/keepup.json");
        Set<Integer> ids = new HashSet<>();
        for (JsonNode panel : DashboardTest.dashboard().path("panels")) {
            assertThat(ids.add(panel.path("id").asInt())).isTrue();
            assertThat(panel.path("title").asText()).isNotEmpty();
            for (JsonNode target : panel.path("targets")) {
                assertThat(source)
                        .contains(
                                "uid: " + target.path("datasource").path("uid").asText() + "\n")
                        .contains("type: "
                                + target.path("datasource").path("type").asText() + "\n");
            }
        }
        Matcher targets = Pattern.compile("\"([a-z0-9-]+):8080\"")
                .matcher(Files.readString(DOCKER.resolve("prometheus/prometheus.yml")));
        List<String> services = targets.results()
                .map(target -> "\n  " + target.group(1) + ":\n")
                .toList();
        assertThat(services).hasSize(5);
        assertThat(compose).contains(services);
    }
}
