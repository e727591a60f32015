package io.keepup.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.keepup.node.event.FaultReport;
import io.keepup.node.fixture.Nodes;
import io.keepup.node.fixture.PlayedEngine;
import io.keepup.node.fixture.TestCluster;
import io.keepup.v1.NodeFault;
import io.keepup.volume.Volume;
import io.keepup.volume.VolumeSpec;
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
            assertThatThrownBy(() -> StorageNode.start(settings))
                    .hasMessageContaining("another process or start has it");
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
        assertThatThrownBy(() -> StorageNode.start(settings)).hasMessageContaining("its format is 'keepup-node 99'");
        Files.delete(node.resolve("VERSION"));
        Files.writeString(node.resolve("letter.txt"), "mine");
        assertThatThrownBy(() -> StorageNode.start(settings))
                .hasMessageContaining("it holds letter.txt and no VERSION");
    }

    @Test
    void S_F7_a_node_whose_first_start_found_the_disk_full_starts_when_there_is_room() throws IOException {
        Path node = Files.createDirectories(directory.resolve("node"));
        Files.createFile(node.resolve("VERSION")); // what releases before 2 left of it
        Files.createFile(node.resolve("node.lock"));
        NodeSettings settings = settings(TestCluster.get().bootstrap(), "127.0.0.1:0");
        StorageNode.start(settings).close();
        assertThat(node.resolve("VERSION")).hasContent("keepup-node 1\n");
    }

    @Test
    void S_F7_the_address_of_a_node_is_never_that_of_the_process_before() throws IOException {
        Path node = directory.resolve("node");
        String before;
        try (StorageNode first = StorageNode.start(settings(TestCluster.get().bootstrap(), "127.0.0.1:0"))) {
            before = first.dataAddress();
            assertThat(NodeAddress.read(node)).contains(before);
        }
        assertThat(NodeAddress.read(node)).isEmpty();
        try (NodeDirectory starting = NodeDirectory.claim(node)) { // as far as it is until its address is known
            assertThat(NodeAddress.read(node)).isEmpty();
            starting.address("127.0.0.1:1");
            assertThat(NodeAddress.read(node)).contains("127.0.0.1:1").isNotEqualTo(before);
        }
    }

    @Test
    void S_F8_node_and_volumes_may_be_on_fresh_file_systems_of_their_own() throws Exception {
        String volumeId = TestCluster.get().name("own");
        String id = TestCluster.get().name("vs");
        Path node = directory.resolve(id);
        Files.createDirectories(node.resolve("lost+found"));
        try (PlayedEngine engine = new PlayedEngine(volumeId);
                Nodes nodes = new Nodes(directory)) {
            nodes.start(id);
            nodes.stop(id);
            for (String mounted : new String[] {"volumes", "notes", "volumes/" + volumeId}) {
                Files.createDirectories(node.resolve(mounted).resolve("lost+found"));
            }
            nodes.start(id);
            engine.makeReplica(id, 1, 1 << 20);
            nodes.volume(id, volumeId);
            nodes.stop(id);
            StorageNode again = nodes.start(id);
            assertThat(again.volume(volumeId)).isPresent();
            assertThat(again.notServed()).isEmpty();
        }
    }

    @Test
    void a_copy_of_a_volumes_directory_is_not_served_as_a_second_one() throws Exception {
        String id = TestCluster.get().name("vs");
        Path volumes = Files.createDirectories(directory.resolve(id).resolve("volumes"));
        Volume.create(volumes.resolve("moved"), new VolumeSpec("vol-1", 1 << 20, Nodes.BLOCK))
                .close();
        try (Nodes nodes = new Nodes(directory)) {
            Files.writeString(directory.resolve(id).resolve("VERSION"), "keepup-node 1\n");
            StorageNode node = nodes.start(id);
            assertThat(node.volumes()).isEmpty();
            assertThat(node.notServed())
                    .containsEntry(
                            "moved",
                            new FaultReport(
                                    NodeFault.volume_unreadable,
                                    "its directory %s holds volume vol-1; move it out of %s"
                                            .formatted(volumes.toRealPath().resolve("moved"), volumes.toRealPath())));
        }
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
            assertThat(node.notServed()).containsOnlyKeys(bad);
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
