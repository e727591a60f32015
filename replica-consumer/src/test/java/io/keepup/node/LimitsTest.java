package io.keepup.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.keepup.node.fixture.Nodes;
import io.keepup.node.fixture.PlayedEngine;
import io.keepup.node.fixture.TestCluster;
import io.keepup.node.hosting.HostedVolume;
import io.keepup.schemas.topic.Topics;
import io.keepup.v1.FailureReason;
import io.keepup.v1.ReadinessObserved;
import io.keepup.v1.SessionCause;
import io.keepup.v1.SessionCompleted;
import io.keepup.v1.SessionFailed;
import io.keepup.v1.SessionPhase;
import io.keepup.v1.SessionProgress;
import io.keepup.v1.WaitingFor;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What recoveries may take: of the broker, of a node, and how that is changed while they run. */
@Timeout(90)
class LimitsTest {

    private static final int MIB = 1 << 20;
    private static final int CHUNK = 64 << 10;

    @TempDir
    Path directory;

    private final String p = TestCluster.get().name("vs-p");
    private final String r = TestCluster.get().name("vs-r");
    private final HttpClient http = HttpClient.newHttpClient();
    private Nodes nodes;

    @AfterEach
    void stop() {
        http.close();
        nodes.close();
    }

    /** A volume full of data on its primary, which has trimmed its WAL, and an empty replica. */
    private HostedVolume filled(PlayedEngine engine, String volumeId, int bytes) {
        engine.makePrimary(p, 1, bytes, r);
        engine.makeReplica(r, 1, bytes);
        engine.await1(ReadinessObserved.class, e -> Boolean.TRUE.equals(e.getShipperConnected()));
        engine.await1(ReadinessObserved.class, e -> Boolean.TRUE.equals(e.getReceiverReady()));
        HostedVolume primary = nodes.volume(p, volumeId);
        byte[] data = new byte[MIB];
        Random random = new Random(3);
        long lsn = 0;
        for (int at = 0; at < bytes; at += MIB) {
            random.nextBytes(data);
            lsn = primary.write(at / Nodes.BLOCK, ByteBuffer.wrap(data));
        }
        primary.awaitDurable(lsn);
        return primary;
    }

    private HttpResponse<String> call(String node, String method, String body) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(
                        URI.create("http://" + nodes.get(node).dataAddress() + "/limits"))
                .method(method, HttpRequest.BodyPublishers.ofString(body))
                .build();
        return http.send(request, HttpResponse.BodyHandlers.ofString());
    }

    /** Records on the base lane now. */
    private static long onTheLane(Admin admin, String volumeId) throws Exception {
        TopicPartition lane = new TopicPartition(Topics.base(volumeId), 0);
        long begin = admin.listOffsets(Map.of(lane, OffsetSpec.earliest()))
                .partitionResult(lane)
                .get()
                .offset();
        long end = admin.listOffsets(Map.of(lane, OffsetSpec.latest()))
                .partitionResult(lane)
                .get()
                .offset();
        return end - begin;
    }

    @Test
    void a_slow_replica_holds_the_primary_back_and_what_it_has_applied_leaves_the_lane_meanwhile() throws Exception {
        String volumeId = TestCluster.get().name("window");
        int window = MIB;
        nodes = new Nodes(directory)
                .with("node.base.chunk.bytes", String.valueOf(CHUNK))
                .with("node.base.window.bytes", String.valueOf(window))
                .with("node.session.stall.ms", "4000");
        nodes.start(p);
        nodes.start(r);
        try (PlayedEngine engine = new PlayedEngine(volumeId);
                Admin admin = Admin.create(
                        Map.of("bootstrap.servers", TestCluster.get().bootstrap()))) {
            HostedVolume primary = filled(engine, volumeId, 16 * MIB);
            long head = primary.status().durableLsn();
            assertThat(call(r, "PUT", "{\"bytesPerSecond\": 1048576}").statusCode())
                    .isEqualTo(200);

            engine.rebuild(r, p, 1, 5, head, SessionCause.operator_request);

            // Sixteen seconds' worth at this rate: the first few show it.
            int most = 2 * window / CHUNK + 4;
            for (int done = 1; done <= 4; done++) {
                long blocks = (long) done * MIB / Nodes.BLOCK;
                engine.await1(SessionProgress.class, e -> e.getSessionId() == 5 && e.getBaseBlocksDone() >= blocks);
                assertThat(onTheLane(admin, volumeId)).as("records on the lane").isLessThanOrEqualTo(most);
            }
            SessionProgress slow = engine.await1(
                    SessionProgress.class,
                    e -> e.getBaseBlocksDone() >= 4 * MIB / Nodes.BLOCK
                            && e.getPace().getBytesPerSecond() > 0);
            assertThat(slow.getPace().getBytesPerSecond()).isLessThan(3L * MIB);
            assertThat(slow.getPace().getSecondsLeft()).isBetween(3L, 60L);
            assertThat(slow.getPace().getBaseBytes() + slow.getPace().getWalBytes())
                    .isEqualTo(slow.getBytes());

            // Without a limit the rest is a matter of a moment, and nothing stays on the lane.
            assertThat(call(r, "PUT", "{\"bytesPerSecond\": 0}").statusCode()).isEqualTo(200);
            SessionCompleted done = engine.completed(5);
            assertThat(done.getBaseBytes()).isEqualTo(16L * MIB);
            assertThat(done.getCause()).isEqualTo(SessionCause.operator_request);
            assertThat(done.getDurationMs()).isBetween(3_000L, 60_000L);
            await("an empty base lane").atMost(PlayedEngine.LIMIT).until(() -> onTheLane(admin, volumeId) == 0);
            assertThat(nodes.volume(r, volumeId).digest()).isEqualTo(primary.digest());
            assertThat(engine.events(SessionProgress.class))
                    .allMatch(e -> e.getBaseBlocksDone() <= e.getBaseBlocksTotal());
        }
    }

    @Test
    void a_primary_sends_no_faster_than_its_own_limit_and_in_pieces_that_show_it_gets_on() throws Exception {
        String volumeId = TestCluster.get().name("rate");
        nodes = new Nodes(directory).with("node.base.chunk.bytes", String.valueOf(MIB));
        nodes.start(p);
        nodes.start(r);
        try (PlayedEngine engine = new PlayedEngine(volumeId)) {
            HostedVolume primary = filled(engine, volumeId, 4 * MIB);
            assertThat(call(p, "PUT", "{\"bytesPerSecond\": 2097152}").statusCode())
                    .isEqualTo(200);
            engine.rebuild(r, p, 1, 5, primary.status().durableLsn(), SessionCause.operator_request);
            assertThat(engine.completed(5).getDurationMs()).isGreaterThan(1_500);
            assertThat(nodes.get(p).metrics().get(NodeCounter.BASE_CHUNKS_SENT))
                    .as("chunks of an eighth of a second each")
                    .isEqualTo(4 * MIB / (2 * MIB / 8));
        }
    }

    @Test
    void a_rebuild_above_the_limit_waits_says_so_and_is_no_stall_and_begins_when_the_limit_is_raised()
            throws Exception {
        String busy = TestCluster.get().name("busy");
        String second = TestCluster.get().name("second");
        nodes = new Nodes(directory).with("node.rebuild.concurrent", "1").with("node.session.stall.ms", "3000");
        nodes.start(p);
        nodes.start(r);
        try (PlayedEngine first = new PlayedEngine(busy);
                PlayedEngine other = new PlayedEngine(second)) {
            filled(first, busy, MIB);
            HostedVolume primary = filled(other, second, MIB);
            assertThat(call(r, "PUT", "{\"bytesPerSecond\": 1048576}").statusCode())
                    .isEqualTo(200);

            // The first has its turn and never gets a base; it is kept alive by being superseded.
            first.rebuildTo(r, r, 1, 5, 1, SessionCause.operator_request);
            first.await1(SessionProgress.class, e -> e.getSessionId() == 5);
            other.rebuild(r, p, 1, 5, primary.status().durableLsn(), SessionCause.behind_wal_tail);
            SessionProgress waiting =
                    other.await1(SessionProgress.class, e -> e.getPace().getWaitingFor() == WaitingFor.rebuild_slot);
            assertThat(waiting.getPhase()).isEqualTo(SessionPhase.accepted);

            // The first stalls; the second, which stands still as long, does not. Then it is its turn.
            assertThat(first.failed(5).getReason()).isEqualTo(FailureReason.progress_stalled);
            assertThat(first.failed(5).getCause()).isEqualTo(SessionCause.operator_request);
            assertThat(first.failed(5).getDurationMs()).isGreaterThanOrEqualTo(3_000);
            other.completed(5);
            assertThat(other.events(SessionFailed.class)).isEmpty();
            assertThat(other.events(SessionProgress.class))
                    .filteredOn(e -> e.getPace().getWaitingFor() != null)
                    .as("a session that waits says so at most every few seconds")
                    .hasSizeLessThanOrEqualTo(2);
            List<SessionProgress> told = other.events(SessionProgress.class);
            assertThat(told.get(told.size() - 1).getPace().getWaitingFor()).isNull();

            // Again, but now nobody stalls: the limit is raised.
            first.rebuildTo(r, r, 1, 6, 1, SessionCause.operator_request);
            first.await1(SessionProgress.class, e -> e.getSessionId() == 6);
            other.rebuild(r, p, 1, 6, primary.status().durableLsn(), SessionCause.operator_request);
            other.await1(
                    SessionProgress.class,
                    e -> e.getSessionId() == 6 && e.getPace().getWaitingFor() == WaitingFor.rebuild_slot);
            assertThat(call(r, "PUT", "{\"rebuilds\": 2}").body()).contains("\"rebuilds\":2");
            other.completed(6);
            assertThat(nodes.volume(r, second).digest()).isEqualTo(primary.digest());
        }
    }

    @Test
    void a_session_that_waits_for_its_turn_can_be_cancelled() throws Exception {
        String busy = TestCluster.get().name("busy");
        String second = TestCluster.get().name("second");
        nodes = new Nodes(directory).with("node.rebuild.concurrent", "1");
        nodes.start(p);
        nodes.start(r);
        try (PlayedEngine first = new PlayedEngine(busy);
                PlayedEngine other = new PlayedEngine(second)) {
            filled(first, busy, MIB);
            filled(other, second, MIB);
            first.rebuildTo(r, r, 1, 5, 1, SessionCause.operator_request);
            first.await1(SessionProgress.class, e -> e.getSessionId() == 5);
            other.rebuildTo(r, r, 1, 5, 1, SessionCause.operator_request);
            other.await1(SessionProgress.class, e -> e.getPace().getWaitingFor() == WaitingFor.rebuild_slot);
            other.cancel(r, r, 1, 5, FailureReason.cancelled);
            assertThat(other.failed(5).getReason()).isEqualTo(FailureReason.cancelled);
            assertThat(nodes.volume(r, second).status().recoverable()).isTrue();
        }
    }

    @Test
    void limits_are_shown_and_changed_in_part_and_what_cannot_be_used_is_said() throws Exception {
        nodes = new Nodes(directory).with("node.recovery.bytes.per.second", "5000000");
        nodes.start(p);
        assertThat(call(p, "GET", "").body()).contains("\"rebuilds\":2").contains("\"bytesPerSecond\":5000000");
        assertThat(call(p, "PUT", "{\"rebuilds\": 7}").body())
                .contains("\"rebuilds\":7")
                .contains("\"bytesPerSecond\":5000000");
        for (String wrong : List.of(
                "{\"rebuilds\": 0}",
                "{\"rebuilds\": 9, \"bytesPerSecond\": 10}",
                "{\"rebuilds\": \"many\"}",
                "{\"rebuilds\": 1.5}",
                "{\"rebuild\": 1}",
                "[]",
                "no",
                "")) {
            HttpResponse<String> answer = call(p, "PUT", wrong);
            assertThat(answer.statusCode()).as(wrong).isEqualTo(400);
            assertThat(answer.body()).contains("BAD_REQUEST");
        }
        assertThat(call(p, "GET", "").body())
                .as("nothing of a wrong request holds")
                .contains("\"rebuilds\":7");
    }
}
