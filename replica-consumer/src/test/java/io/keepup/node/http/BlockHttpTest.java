package io.keepup.node.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.keepup.node.fixture.Nodes;
import io.keepup.node.fixture.PlayedEngine;
import io.keepup.node.fixture.TestCluster;
import io.keepup.v1.ReadinessObserved;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
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
        return send(node, method, "/volumes" + path, body);
    }

    private HttpResponse<byte[]> send(String node, String method, String path, byte[] body)
            throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(
                        URI.create("http://" + nodes.get(node).dataAddress() + path))
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

    /** Requests: method, path below the volume, length of the body, status, kind, what the sentence says. */
    private static final String NONSENSE = """
            GET    /blocks/0?count=4503599627370497         -     400 BAD_REQUEST count must be a whole number from 1 to 2048
            GET    /blocks/0?count=9223372036854775807      -     400 BAD_REQUEST count must be a whole number from 1 to 2048
            GET    /blocks/0?count=99999999999999999999     -     400 BAD_REQUEST count must be a whole number from 1 to 2048
            GET    /blocks/0?count=0                        -     400 BAD_REQUEST count must be a whole number
            GET    /blocks/0?count=-1                       -     400 BAD_REQUEST count must be a whole number
            GET    /blocks/0?count=2049                     -     400 BAD_REQUEST count must be a whole number from 1 to 2048
            GET    /blocks/0?count=1025                     -     400 BAD_REQUEST 1025 blocks from block 0 on are not all in volume
            GET    /blocks/1023?count=2                     -     400 BAD_REQUEST 2 blocks from block 1023 on are not all in volume
            GET    /blocks/1024                             -     400 BAD_REQUEST lba must be a whole number from 0 to 1023, not '1024'
            GET    /blocks/-1                               -     400 BAD_REQUEST lba must be a whole number from 0 to 1023
            GET    /blocks/first                            -     400 BAD_REQUEST lba must be a whole number from 0 to 1023
            GET    /blocks/0;count=2                        -     400 BAD_REQUEST lba must be a whole number from 0 to 1023
            GET    /blocks/%D9%A1                           -     400 BAD_REQUEST lba must be a whole number from 0 to 1023
            GET    /blocks/0?count=one                      -     400 BAD_REQUEST count must be a whole number
            GET    /blocks/0?count=                         -     400 BAD_REQUEST count must be a whole number
            GET    /blocks/0?count=1&count=2                -     400 BAD_REQUEST parameter count is there twice
            GET    /blocks/0?blocks=2                       -     400 BAD_REQUEST there is no parameter 'blocks' here: known is count
            GET    ?count=1                                 -     400 BAD_REQUEST there is no parameter 'count' here: leave it out
            GET    /digest?x=1                              -     400 BAD_REQUEST there is no parameter 'x' here
            GET    /blocks                                  -     404 NOT_FOUND there is nothing at
            GET    /blocks/0/0                              -     404 NOT_FOUND there is nothing at
            GET    /../../livez                             -     404 NOT_FOUND there is nothing at
            GET    %2Fdigest                                -     404 UNKNOWN_VOLUME this node has no volume
            PUT    /blocks/0?timeoutMs=9223372036854775807  4096  400 BAD_REQUEST timeoutMs must be a whole number from 1 to 3600000
            PUT    /blocks/0?barrier=quorum&timeoutMs=-5    4096  400 BAD_REQUEST timeoutMs must be a whole number from 1 to 3600000
            PUT    /blocks/0?barrier=quorum&timeoutMs=0     4096  400 BAD_REQUEST timeoutMs must be a whole number from 1 to 3600000
            PUT    /blocks/0?barrier=maybe                  4096  400 BAD_REQUEST barrier must be local or quorum, not 'maybe'
            PUT    /blocks/0?barrier=local&barrier=quorum   4096  400 BAD_REQUEST parameter barrier is there twice
            PUT    /blocks/0?count=1                        4096  400 BAD_REQUEST there is no parameter 'count' here: known is barrier, timeoutMs
            PUT    /blocks/0                                0     400 BAD_REQUEST the body has 0 bytes: send whole blocks of 4096 bytes
            PUT    /blocks/0                                1     400 BAD_REQUEST the body has 1 bytes: send whole blocks of 4096 bytes
            PUT    /blocks/0                                4097  400 BAD_REQUEST the body has 4097 bytes
            PUT    /blocks/1023                             8192  400 BAD_REQUEST 2 blocks from block 1023 on are not all in volume
            PUT    /blocks/1024                             4096  400 BAD_REQUEST lba must be a whole number
            PUT    /blocks/9223372036854775807              4096  400 BAD_REQUEST lba must be a whole number
            PUT    /blocks/0                                8388609 413 TOO_LARGE the body is too large: send at most 8388608 bytes
            DELETE /blocks/0?count=3000000000               -     400 BAD_REQUEST count must be a whole number from 1 to 2147483647
            DELETE /blocks/0?count=1025                     -     400 BAD_REQUEST 1025 blocks from block 0 on are not all in volume
            DELETE /blocks/1?count=1024                     -     400 BAD_REQUEST 1024 blocks from block 1 on are not all in volume
            DELETE /blocks/0?count=0                        -     400 BAD_REQUEST count must be a whole number
            DELETE /blocks/0?count=1&timeoutMs=-1           -     400 BAD_REQUEST timeoutMs must be a whole number
            DELETE /blocks/0?barrier=all                    -     400 BAD_REQUEST barrier must be local or quorum
            POST   /trim-wal?upTo=-1                        -     400 BAD_REQUEST upTo must be a whole number of 0 or more
            POST   /trim-wal?upTo=99999999999999999999      -     400 BAD_REQUEST upTo must be a whole number
            POST   /trim-wal?upto=1                         -     400 BAD_REQUEST there is no parameter 'upto' here: known is upTo
            POST   /flush?wait=true                         -     400 BAD_REQUEST there is no parameter 'wait' here
            POST   /blocks/0                                4096  405 METHOD_NOT_ALLOWED use DELETE or GET or HEAD or PUT
            PATCH  /blocks/0                                4096  405 METHOD_NOT_ALLOWED PATCH is not for this path
            DELETE                                          -     405 METHOD_NOT_ALLOWED use GET or HEAD
            GET    /flush                                   -     405 METHOD_NOT_ALLOWED use POST
            GET    /trim-wal?upTo=1                         -     405 METHOD_NOT_ALLOWED use POST
            """;

    @Test
    void S_F9_requests_that_make_no_sense_change_nothing() throws Exception {
        byte[] block = new byte[Nodes.BLOCK];
        new Random(9).nextBytes(block);
        call(p, "PUT", "/" + volumeId + "/blocks/0?barrier=quorum", block);
        long lsn = nodes.volume(p, volumeId).status().appliedLsn();
        int requests = 0;
        for (String line : NONSENSE.lines().toList()) {
            Matcher request = Pattern.compile("(\\S+)\\s+?(\\S*)\\s+(-|\\d+)\\s+(\\d{3}) (\\S+) (.*)")
                    .matcher(line);
            assertThat(request.matches()).as(line).isTrue();
            byte[] body = request.group(3).equals("-") ? null : new byte[Integer.parseInt(request.group(3))];
            var answer = call(p, request.group(1), "/" + volumeId + request.group(2), body);
            assertRefused(answer, Integer.parseInt(request.group(4)), request.group(5));
            assertThat(json(answer).get("message").asText()).as(line).contains(request.group(6));
            assertThat(nodes.volume(p, volumeId).status().appliedLsn()).as(line).isEqualTo(lsn);
            requests++;
        }
        assertThat(requests).isGreaterThan(50);
        assertThat(call(p, "GET", "/" + volumeId + "/blocks/0", null).body()).isEqualTo(block);
        assertThat(nodes.volume(p, volumeId).status().walTail()).isEqualTo(1);
    }

    @Test
    void S_F9_a_body_that_is_announced_and_does_not_come_writes_nothing() throws Exception {
        String address = nodes.get(p).dataAddress();
        for (String headers :
                new String[] {"Content-Length: 99999999999", "Content-Length: 8192", "Transfer-Encoding: chunked"}) {
            try (Socket socket = new Socket(
                    InetAddress.getLoopbackAddress(), Integer.parseInt(address.substring(address.indexOf(':') + 1)))) {
                OutputStream out = socket.getOutputStream();
                out.write("PUT /volumes/%s/blocks/0 HTTP/1.1\r\nHost: x\r\n%s\r\n\r\n1000\r\n"
                        .formatted(volumeId, headers)
                        .getBytes(StandardCharsets.US_ASCII));
                out.write(new byte[Nodes.BLOCK]);
                socket.shutdownOutput();
                assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII))
                        .as(headers)
                        .doesNotContain("HTTP/1.1 200");
            }
        }
        assertThat(nodes.volume(p, volumeId).status().appliedLsn()).isZero();
    }

    @Test
    void S_F9_limits_that_make_no_sense_change_nothing() throws Exception {
        String before = new String(limits("GET", null).body(), StandardCharsets.UTF_8);
        for (String body : new String[] {
            "",
            "[",
            "[1]",
            "{}",
            "null",
            "3",
            "{\"rebuilds\": 0}",
            "{\"rebuilds\": -1}",
            "{\"rebuilds\": 2147483648}",
            "{\"rebuilds\": 1.5}",
            "{\"rebuilds\": \"1\"}",
            "{\"rebuilds\": 1, \"rebuilds\": 2}",
            "{\"rebuilds\": 1} 2",
            "{\"rebuilds\": 1, \"byte\": 2}",
            "{\"rebuilds\": 1, \"bytesPerSecond\": 5}",
            "{\"rebuilds\": 1, \"bytesPerSecond\": 99999999999999999999}"
        }) {
            assertRefused(limits("PUT", body), 400, "BAD_REQUEST");
        }
        assertRefused(limits("PUT", " ".repeat(5000)), 413, "TOO_LARGE");
        assertRefused(limits("POST", "{\"rebuilds\": 1}"), 405, "METHOD_NOT_ALLOWED");
        assertThat(new String(limits("GET", null).body(), StandardCharsets.UTF_8))
                .isEqualTo(before);
        assertThat(limits("HEAD", null).statusCode()).isEqualTo(200);
    }

    private HttpResponse<byte[]> limits(String method, String body) throws IOException, InterruptedException {
        return send(p, method, "/limits", body == null ? null : body.getBytes(StandardCharsets.UTF_8));
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
