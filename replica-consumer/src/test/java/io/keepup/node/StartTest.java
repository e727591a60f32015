package io.keepup.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.keepup.node.fixture.Nodes;
import io.keepup.node.fixture.PlayedEngine;
import io.keepup.node.fixture.TestCluster;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class StartTest {

    @TempDir
    Path directory;

    private NodeSettings settings(String bootstrap, String listen) {
        TestCluster cluster = TestCluster.get();
        return new NodeSettings(
                "vs-1",
                directory.resolve("node"),
                bootstrap,
                cluster.registryUrl(),
                listen,
                Map.of("node.start.patience.ms", "1500"));
    }

    @Test
    void no_broker_is_said_in_time_and_frees_the_directory() {
        for (int i = 0; i < 2; i++) {
            assertThatThrownBy(() -> StorageNode.start(settings("127.0.0.1:1", "127.0.0.1:0")))
                    .isInstanceOf(NodeStartException.class)
                    .hasMessageContaining("no Kafka broker answers at 127.0.0.1:1");
        }
    }

    @Test
    void one_process_per_directory() {
        NodeSettings settings = settings(TestCluster.get().bootstrap(), "127.0.0.1:0");
        StorageNode first = StorageNode.start(settings);
        try {
            assertThatThrownBy(() -> StorageNode.start(settings)).hasMessageContaining("another node runs on");
        } finally {
            first.close();
        }
        StorageNode.start(settings).close();
    }

    @Test
    void a_directory_of_another_version_or_of_somebody_else_is_left_alone() throws IOException {
        Path node = Files.createDirectories(directory.resolve("node"));
        Files.writeString(node.resolve("VERSION"), "keepup-node 99\n");
        NodeSettings settings = settings(TestCluster.get().bootstrap(), "127.0.0.1:0");
        assertThatThrownBy(() -> StorageNode.start(settings)).hasMessageContaining("is of version 'keepup-node 99'");
        Files.delete(node.resolve("VERSION"));
        Files.writeString(node.resolve("letter.txt"), "mine");
        assertThatThrownBy(() -> StorageNode.start(settings)).hasMessageContaining("holds other files");
    }

    @Test
    void a_data_address_in_use_is_said() throws IOException {
        try (ServerSocket taken = new ServerSocket(0, 1, java.net.InetAddress.getLoopbackAddress())) {
            NodeSettings settings = settings(TestCluster.get().bootstrap(), "127.0.0.1:" + taken.getLocalPort());
            assertThatThrownBy(() -> StorageNode.start(settings))
                    .isInstanceOf(NodeStartException.class)
                    .hasMessageContaining("cannot be listened on");
        }
    }

    @Test
    void a_volume_that_cannot_be_opened_is_reported_and_does_not_stop_the_others() throws Exception {
        String good = TestCluster.get().name("good");
        String bad = TestCluster.get().name("bad");
        String id = TestCluster.get().name("vs");
        try (PlayedEngine engine = new PlayedEngine(good);
                PlayedEngine other = new PlayedEngine(bad);
                Nodes nodes = new Nodes(directory)) {
            nodes.start(id);
            engine.makeReplica(id, 1, 1 << 20);
            other.makeReplica(id, 1, 1 << 20);
            nodes.volume(id, good);
            nodes.volume(id, bad);
            nodes.stop(id);
            try (var files = Files.list(directory.resolve(id).resolve("volumes").resolve(bad))) {
                for (Path file : files.filter(Files::isRegularFile).toList()) {
                    if (file.getFileName().toString().contains("superblock")) {
                        Files.write(file, new byte[(int) Files.size(file)]);
                    }
                }
            }
            StorageNode node = nodes.start(id);
            assertThat(node.unopened()).containsOnlyKeys(bad);
            assertThat(node.volume(good)).isPresent();
            await().until(() -> node.volume(good).orElseThrow().status().role().equals("replica"));

            // its health says so, and its metrics
            HttpResponse<String> ready = get(node, "/readyz");
            assertThat(ready.statusCode()).isEqualTo(503);
            assertThat(ready.body()).contains("\"ready\":false", "volume " + bad + " is not served: ");
            assertThat(get(node, "/livez").statusCode()).isEqualTo(200);
            assertThat(get(node, "/metrics").body())
                    .contains("\nkeepup_node_volumes 1\n", "\nkeepup_node_volumes_refused 1\n");
        }
    }

    @Test
    void a_node_is_ready_once_it_takes_commands_and_shows_what_it_counts() throws Exception {
        try (StorageNode node = StorageNode.start(settings(TestCluster.get().bootstrap(), "127.0.0.1:0"))) {
            assertThat(get(node, "/readyz").statusCode()).isEqualTo(200);
            assertThat(get(node, "/readyz").body()).contains("\"ready\":true");
            String metrics = get(node, "/metrics").body();
            for (NodeCounter counter : NodeCounter.values()) {
                String name = "keepup_node_" + counter.name().toLowerCase(Locale.ROOT) + "_total";
                assertThat(metrics).containsPattern("# TYPE " + name + " counter\n" + name + " \\d+\n");
            }
        }
    }

    private static HttpResponse<String> get(StorageNode node, String path) throws IOException, InterruptedException {
        try (HttpClient http = HttpClient.newHttpClient()) {
            return http.send(
                    HttpRequest.newBuilder(URI.create("http://" + node.dataAddress() + path))
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
        }
    }
}
