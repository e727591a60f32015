package io.keepup.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A node process with fewer file handles than its volumes take. */
@Timeout(180)
class FileHandlesTest {

    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final ObjectMapper JSON = new ObjectMapper();
    /** More than a node with so few handles can have open, however it counts. */
    private static final int VOLUMES = 40;

    private static final int FEW_HANDLES = 300;
    private static final int SERVED = 12;

    @TempDir
    private Path directory;

    private final HttpClient http = HttpClient.newHttpClient();
    private LocalCluster cluster;

    @BeforeEach
    void start() {
        cluster = LocalCluster.start(directory.resolve("cluster"), 0, 0, 0, what -> {});
    }

    @AfterEach
    void stop() {
        http.close();
        cluster.close();
    }

    @Test
    void S_F12_volumes_beyond_the_limit_are_refused_named_and_served_once_it_is_raised() throws Exception {
        // with more volumes assigned than the limit allows
        try (KeepupProcess node = node(FEW_HANDLES)) {
            assertThat(node.errors()).contains("may have 300 files open, enough for 12 volumes: raise ulimit -n");
            assign();
            assertOnlySomeServed(node);
            assertWrites(node, 1);
            node.stop();
            assertThat(complaints(node)).as(node.errors()).isLessThan(12);
        }

        // when the limit is raised
        try (KeepupProcess node = node(4096)) {
            awaitReady(node);
            await("all of them").atMost(LIMIT).until(() -> served(node).size() == VOLUMES);
            assertWrites(node, 2);
            node.stop();
            assertThat(complaints(node)).as(node.errors()).isZero();
        }

        // and when it is lowered again, with all of them on the disk
        try (KeepupProcess node = node(FEW_HANDLES)) {
            assertThat(node.errors())
                    .contains("may have 300 files open, 40 volumes need 520: only 12 are served; raise ulimit -n");
            assertOnlySomeServed(node);
            assertWrites(node, 3);
            node.stop();
            assertThat(complaints(node)).as(node.errors()).isLessThan(12);
        }
    }

    private KeepupProcess node(int handles) {
        return KeepupProcess.limited(
                        handles,
                        directory,
                        "node",
                        "--id",
                        "vs-1",
                        "--data",
                        directory.resolve("vs-1"),
                        "--bootstrap",
                        cluster.bootstrap(),
                        "--registry",
                        cluster.registryUrl())
                .awaitOutput("serves block I/O");
    }

    private void assign() {
        ClusterOptions options = new ClusterOptions(cluster.bootstrap(), cluster.registryUrl());
        try (var producer = options.producer()) {
            for (int i = 1; i <= VOLUMES; i++) {
                new Assignments("vol-" + i, 1, "vs-1", List.of(), List.of(), 1 << 20, 0, "test")
                        .publish(producer, options.codec());
            }
        }
    }

    private void assertOnlySomeServed(KeepupProcess node) throws Exception {
        await("the volumes refused").atMost(LIMIT).untilAsserted(() -> {
            HttpResponse<String> ready = get(node, "/readyz");
            assertThat(ready.statusCode()).isEqualTo(503);
            assertThat(ready.body())
                    .contains("volume vol-", "cannot open volume vol-", "raise ulimit -n to ", "and 27 more");
        });
        assertThat(served(node)).hasSize(SERVED);
    }

    private void awaitReady(KeepupProcess node) {
        await("readiness").atMost(LIMIT).until(() -> get(node, "/readyz").statusCode() == 200);
    }

    private List<String> served(KeepupProcess node) throws Exception {
        List<String> ids = new ArrayList<>();
        JSON.readTree(get(node, "/volumes").body()).path("volumes").forEach(volume -> {
            if (volume.path("role").asText().equals("primary")) {
                ids.add(volume.path("volumeId").asText());
            }
        });
        return ids;
    }

    private void assertWrites(KeepupProcess node, int block) throws Exception {
        for (String volume : served(node)) {
            HttpResponse<String> write = http.send(
                    HttpRequest.newBuilder(uri(node, "/volumes/%s/blocks/%s".formatted(volume, block)))
                            .PUT(BodyPublishers.ofByteArray(new byte[4096]))
                            .build(),
                    BodyHandlers.ofString());
            assertThat(write.statusCode()).as(write.body()).isEqualTo(200);
        }
    }

    private HttpResponse<String> get(KeepupProcess node, String path) throws Exception {
        return http.send(HttpRequest.newBuilder(uri(node, path)).build(), BodyHandlers.ofString());
    }

    private static URI uri(KeepupProcess node, String path) {
        Matcher address = Pattern.compile("serves block I/O at (\\S+);").matcher(node.output());
        assertThat(address.find()).isTrue();
        return URI.create("http://" + address.group(1) + path);
    }

    private static long complaints(KeepupProcess node) {
        return node.errors()
                .lines()
                .filter(line -> line.contains(" ERROR ") || line.contains(" WARN "))
                .count();
    }
}
