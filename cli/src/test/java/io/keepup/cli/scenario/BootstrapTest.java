package io.keepup.cli.scenario;

import static io.keepup.cli.scenario.VolumeUnderTest.BLOCK;
import static io.keepup.cli.scenario.VolumeUnderTest.waitFor;
import static org.assertj.core.api.Assertions.assertThat;

import io.keepup.cli.BlockClient;
import io.keepup.v1.Mode;
import io.keepup.v1.NodeView;
import io.keepup.v1.ReplicaView;
import io.keepup.v1.VolumeProjection;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** From nothing to healthy, one gate after the other. */
@Timeout(120)
class BootstrapTest {

    @RegisterExtension
    final VolumeUnderTest volume = new VolumeUnderTest(4 << 20);

    private final String p = volume.node("p");
    private final String r1 = volume.node("r1");
    private final String r2 = volume.node("r2");

    @Test
    void S_V1_every_missing_gate_shows_its_reason_then_healthy() {
        // given an assignment and no node
        volume.assign(1, p, r1, r2);
        volume.awaitProjection("all three nodes assigned", v -> v.getNodes().size() == 3);
        assertThat(volume.projection().getNodes())
                .allSatisfy(n -> assertThat(n.getReason()).isEqualTo("awaiting_role_apply"));
        assertThat(volume.projection().getReason()).isEqualTo("awaiting_role_apply");

        // when only the primary comes, all its own gates open, and no replica was heard
        volume.start(p);
        volume.awaitReason("awaiting_replica_sync");
        assertThat(volume.projection().getReplicas())
                .extracting(ReplicaView::getLastSyncAck)
                .allMatch(ack -> ack == null || ack.getDurableLsn() == 0);

        // one of two replicas is not enough
        volume.start(r1);
        volume.awaitProjection(
                r1 + " in keep-up",
                v -> Objects.equals(mode(v, r1), Mode.replica_ready)
                        && v.getReplicas().get(0).getSession().getKind() == io.keepup.v1.SessionKind.keepup);
        assertThat(volume.projection().getReason()).isEqualTo("awaiting_replica_sync");

        // with both, only a proof of durability is missing
        volume.start(r2);
        volume.awaitReason("awaiting_barrier_durability");
        assertThat(volume.projection().getDurableLsn()).isZero();

        // then the first write makes it healthy
        try (BlockClient client = volume.client(p)) {
            client.write(0, new byte[BLOCK], true);
        }
        volume.awaitHealthyAt(1);
        assertThat(volume.projection().getHealthy()).isTrue();
        assertThat(volume.seen().story())
                .containsExactly(
                        "allocated_only/allocated_only",
                        "bootstrap_pending/awaiting_role_apply",
                        "bootstrap_pending/awaiting_shipper_configured",
                        "bootstrap_pending/awaiting_shipper_connected",
                        "bootstrap_pending/awaiting_replica_sync",
                        "bootstrap_pending/awaiting_barrier_durability",
                        "publish_healthy/");
        assertThat(reasons(r1))
                .containsExactly("awaiting_role_apply", "awaiting_receiver_ready", "replica_not_primary");
        assertThat(volume.sessions())
                .as("nothing to recover in an empty volume")
                .isEmpty();
        volume.assertEqualCopies(p, r1, r2);
    }

    @Test
    void S_F19_a_primary_without_replicas_is_allocated_only_and_takes_writes() throws Exception {
        volume.assign(1, p);
        volume.start(p);
        waitFor("the primary to have its role")
                .untilAsserted(() -> assertThat(volume.status(p).role()).isEqualTo("primary"));

        try (BlockClient client = volume.client(p)) {
            client.write(7, new byte[BLOCK], false);
        }

        assertThat(volume.status(p).appliedLsn()).isEqualTo(1);
        assertThat(volume.projection().getMode()).isEqualTo(Mode.allocated_only);
    }

    private static Mode mode(VolumeProjection projection, String nodeId) {
        return projection.getNodes().stream()
                .filter(n -> n.getNodeId().equals(nodeId))
                .findFirst()
                .map(NodeView::getMode)
                .orElse(null);
    }

    /** What a node's own view gave as its reason, in order. */
    private List<String> reasons(String nodeId) {
        return volume.seen().projections().stream()
                .flatMap(v -> v.getNodes().stream())
                .filter(n -> n.getNodeId().equals(nodeId))
                .map(NodeView::getReason)
                .distinct()
                .toList();
    }
}
