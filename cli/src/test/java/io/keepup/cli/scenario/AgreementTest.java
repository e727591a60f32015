package io.keepup.cli.scenario;

import static io.keepup.cli.scenario.VolumeUnderTest.waitFor;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.keepup.node.hosting.HostedStatus;
import io.keepup.schemas.codec.RecordJson;
import io.keepup.schemas.topic.Topics;
import io.keepup.v1.Mode;
import io.keepup.v1.NodeView;
import io.keepup.v1.ReplicaView;
import io.keepup.v1.SessionKind;
import io.keepup.v1.SessionState;
import io.keepup.v1.VolumeProjection;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Whoever looks at a volume, wherever they look, sees the same. */
@Timeout(120)
class AgreementTest {

    private static final Set<String> LIVE = Set.of("issued", "running");

    @RegisterExtension
    final VolumeUnderTest volume = new VolumeUnderTest(8 << 20);

    private final String p = volume.node("p");
    private final String r1 = volume.node("r1");
    private final String r2 = volume.node("r2");

    @Test
    void S_V13_projection_API_metrics_and_nodes_agree_at_every_step() {
        // assigned, nobody there
        volume.assign(1, p, r1, r2);
        volume.awaitProjection("all assigned", v -> v.getNodes().size() == 3);
        assertAgreed(Mode.bootstrap_pending);

        // through the gates
        volume.start(p, r1, r2);
        volume.awaitReady(r1, r2);
        volume.awaitReason("awaiting_barrier_durability");
        assertAgreed(Mode.bootstrap_pending, p, r1, r2);

        // healthy
        volume.awaitHealthyAt(volume.fillHalf(p));
        assertAgreed(Mode.publish_healthy, p, r1, r2);

        // a replica away
        volume.stop(r2);
        volume.awaitReason("awaiting_replica_sync");
        assertAgreed(Mode.bootstrap_pending, p, r1);

        // a rebuild under way
        volume.burst(p, 50);
        volume.trimAll(p, r1);
        Network.slow(Topics.base(volume.id()), Duration.ofMillis(100));
        volume.start(r2);
        volume.awaitRunning(r2, SessionKind.rebuild, 0);
        assertAgreed(Mode.needs_rebuild, p, r1, r2);

        // its replica lost in the middle of it
        volume.stop(r2);
        volume.stop(p);
        volume.start(r2);
        volume.awaitReason("transport_lost");
        assertAgreed(Mode.degraded, r1, r2);

        // and all well again
        Network.fast(Topics.base(volume.id()));
        volume.start(p);
        volume.awaitCompleted(r2, SessionKind.rebuild, 1);
        volume.awaitHealthyAt(volume.status(p).durableLsn());
        assertAgreed(Mode.publish_healthy, p, r1, r2);
    }

    /** Compares all that can be seen, with the nodes that run. */
    private void assertAgreed(Mode mode, String... running) {
        waitFor("all to agree on " + mode).untilAsserted(() -> {
            VolumeProjection projection = volume.projection();
            assertThat(projection.getMode()).isEqualTo(mode);
            assertApiShows(projection);
            assertMetricsCount();
            List.of(running).forEach(node -> assertNodeSays(projection, volume.status(node)));
        });
    }

    private void assertApiShows(VolumeProjection projection) {
        ObjectNode shown = (ObjectNode) volume.api();
        assertThat(shown.remove("volumeId").asText()).isEqualTo(volume.id());
        assertThat(shown.remove("epoch").asLong())
                .isEqualTo(projection.getMeta().getEpoch());
        assertThat(shown.remove("occurredAt").asText())
                .isEqualTo(projection.getMeta().getOccurredAt().toString());
        ObjectNode expected = RecordJson.of(projection);
        expected.remove("meta");
        // As text: the JSON of a small long read back is an int.
        assertThat(shown.toString()).isEqualTo(expected.toString());
    }

    /** The gauges are of all volumes there are, so they are held against all that the API lists. */
    private void assertMetricsCount() {
        List<JsonNode> volumes = StreamSupport.stream(
                        volume.cluster().api("volumes").path("volumes").spliterator(), false)
                .toList();
        for (Mode mode : Mode.values()) {
            if (mode != Mode.unknown) {
                assertThat(volume.cluster().metric("keepup_volumes{mode=\"%s\"}".formatted(mode)))
                        .as("volumes in mode " + mode)
                        .isEqualTo(volumes.stream()
                                .filter(v -> v.path("mode").asText().equals(mode.toString()))
                                .count());
            }
        }
        for (SessionKind kind : List.of(SessionKind.catchup, SessionKind.rebuild)) {
            assertThat(volume.cluster().metric("keepup_sessions_live{kind=\"%s\"}".formatted(kind)))
                    .as("live sessions of kind " + kind)
                    .isEqualTo(volumes.stream()
                            .flatMap(
                                    v -> StreamSupport.stream(v.path("replicas").spliterator(), false))
                            .map(r -> r.path("session"))
                            .filter(s -> s.path("kind").asText().equals(kind.toString())
                                    && LIVE.contains(s.path("state").asText()))
                            .count());
        }
    }

    private void assertNodeSays(VolumeProjection projection, HostedStatus local) {
        NodeView view = projection.getNodes().stream()
                .filter(n -> n.getNodeId().equals(local.nodeId()))
                .findFirst()
                .orElseThrow();
        assertThat(local.role()).isEqualTo(view.getRole().toString());
        assertThat(local.epoch()).isEqualTo(view.getEpoch());
        assertThat(local.sizeBytes()).isEqualTo(projection.getSizeBytes());
        assertThat(local.blockSize()).isEqualTo(projection.getBlockSize());
        if (local.nodeId().equals(projection.getPrimaryId())) {
            assertThat(local.durableLsn()).isEqualTo(projection.getWalHead());
            assertThat(local.laneTail()).isEqualTo(projection.getWalTail());
            assertThat(local.pins()).hasSize((int) projection.getReplicas().stream()
                    .filter(AgreementTest::isLive)
                    .count());
        } else {
            ReplicaView replica = VolumeUnderTest.replica(projection, local.nodeId());
            assertThat(local.sessionActive()).isEqualTo(isLive(replica));
            if (isLive(replica)) {
                assertThat(local.sessionId()).isEqualTo(replica.getSession().getSessionId());
            }
            assertThat(local.durableLsn()).isEqualTo(replica.getLastSyncAck().getDurableLsn());
            assertThat(local.recoverable()).isEqualTo(replica.getLastSyncAck().getRecoverable());
        }
    }

    private static boolean isLive(ReplicaView replica) {
        SessionState state = replica.getSession().getState();
        return state == SessionState.issued || state == SessionState.running;
    }
}
