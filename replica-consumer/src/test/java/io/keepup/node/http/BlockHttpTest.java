package io.keepup.node.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.keepup.node.fixture.Nodes;
import io.keepup.node.fixture.PlayedEngine;
import io.keepup.node.fixture.TestCluster;
import io.keepup.v1.ReadinessObserved;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class BlockHttpTest {

    @TempDir
    Path directory;

    private final String volumeId = TestCluster.get().name("http");
    private final String p = TestCluster.get().name("vs-p");
    private final String r = TestCluster.get().name("vs-r");
    private final HttpClient http = HttpClient.newHttpClient();
    private PlayedEngine engine;
    private Nodes nodes;

    @BeforeEach
    void start() {
        engine = new PlayedEngine(volumeId);
        nodes = new Nodes(directory);
        nodes.start(p);
        nodes.start(r);
        engine.makePrimary(p, 1, 4 << 20, r);
        engine.makeReplica(r, 1, 4 << 20);
        engine.await1(ReadinessObserved.class, e -> Boolean.TRUE.equals(e.getShipperConnected()));
        engine.await1(ReadinessObserved.class, e -> Boolean.TRUE.equals(e.getReceiverReady()));
    }

    @AfterEach
    void stop() {
        http.close();
        nodes.close();
        engine.close();
    }

    private HttpResponse<byte[]> call(String node, String method, String path, byte[] body)
            throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(
                        URI.create("http://" + nodes.get(node).dataAddress() + "/volumes" + path))
                .method(method, body == null ? BodyPublishers.noBody() : BodyPublishers.ofByteArray(body))
                .build();
        return http.send(request, BodyHandlers.ofByteArray());
    }

    private static JsonNode json(HttpResponse<byte[]> response) throws IOException {
        return new ObjectMapper().readTree(response.body());
    }

    @Test
    void blocks_are_written_read_trimmed_flushed_and_digested() throws Exception {
        byte[] blocks = new byte[3 * Nodes.BLOCK];
        new Random(1).nextBytes(blocks);
        var written = call(p, "PUT", "/" + volumeId + "/blocks/5?barrier=quorum", blocks);
        assertThat(written.statusCode()).isEqualTo(200);
        long lsn = json(written).get("lsn").asLong();
        assertThat(call(p, "GET", "/" + volumeId + "/blocks/5?count=3", null).body())
                .isEqualTo(blocks);
        // The barrier says that a majority has it, and there are two.
        assertThat(nodes.volume(r, volumeId).status().durableLsn()).isGreaterThanOrEqualTo(lsn);

        assertThat(call(p, "DELETE", "/" + volumeId + "/blocks/6", null).statusCode())
                .isEqualTo(200);
        assertThat(call(p, "GET", "/" + volumeId + "/blocks/6", null).body()).isEqualTo(new byte[Nodes.BLOCK]);
        long head = nodes.volume(p, volumeId).status().durableLsn();
        assertThat(json(call(p, "POST", "/" + volumeId + "/flush", null))
                        .get("checkpointLsn")
                        .asLong())
                .isEqualTo(head);
        assertThat(json(call(p, "GET", "/" + volumeId + "/digest", null))
                        .get("sha256")
                        .asText())
                .isEqualTo(nodes.volume(p, volumeId).digest().sha256());
        JsonNode status = json(call(p, "GET", "/" + volumeId, null));
        assertThat(status.get("role").asText()).isEqualTo("primary");
        assertThat(status.get("durableLsn").asLong()).isEqualTo(head);
        assertThat(json(call(p, "GET", "", null)).get("volumes")).hasSize(1);
    }

    @Test
    void the_wal_is_trimmed_on_request() throws Exception {
        call(p, "PUT", "/" + volumeId + "/blocks/0?barrier=quorum", new byte[Nodes.BLOCK]);
        var trimmed = call(p, "POST", "/" + volumeId + "/trim-wal?upTo=1", null);
        assertThat(json(trimmed).get("walTail").asLong()).isEqualTo(2);
    }

    @Test
    void wrong_requests_are_refused_with_their_kind_and_one_sentence() throws Exception {
        assertRefused(call(p, "GET", "/nothing", null), 404, "UNKNOWN_VOLUME");
        assertRefused(call(p, "GET", "/" + volumeId + "/nothing", null), 404, "NOT_FOUND");
        assertRefused(call(r, "PUT", "/" + volumeId + "/blocks/0", new byte[Nodes.BLOCK]), 409, "NOT_PRIMARY");
        assertRefused(call(p, "PUT", "/" + volumeId + "/blocks/0", new byte[100]), 400, "BAD_REQUEST");
        assertRefused(call(p, "PUT", "/" + volumeId + "/blocks/99999", new byte[Nodes.BLOCK]), 400, "BAD_REQUEST");
        assertRefused(call(p, "GET", "/" + volumeId + "/blocks/first", null), 400, "BAD_REQUEST");
        assertRefused(call(p, "GET", "/" + volumeId + "/blocks/0?count=0", null), 400, "BAD_REQUEST");
        assertRefused(
                call(p, "PUT", "/" + volumeId + "/blocks/0?barrier=maybe", new byte[Nodes.BLOCK]), 400, "BAD_REQUEST");
        assertThat(nodes.volume(p, volumeId).status().appliedLsn()).isZero();
    }

    @Test
    void a_quorum_write_without_a_quorum_says_so_in_time() throws Exception {
        nodes.stop(r);
        var answer = call(p, "PUT", "/" + volumeId + "/blocks/0?barrier=quorum&timeoutMs=300", new byte[Nodes.BLOCK]);
        assertRefused(answer, 504, "NO_QUORUM");
    }

    private static void assertRefused(HttpResponse<byte[]> response, int status, String kind) throws IOException {
        assertThat(response.statusCode()).as(new String(response.body())).isEqualTo(status);
        assertThat(json(response).get("error").asText()).isEqualTo(kind);
        assertThat(json(response).get("message").asText()).isNotBlank().doesNotContain("\n");
    }
}
