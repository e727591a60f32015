package io.keepup.cli.scenario;

import static io.keepup.cli.scenario.VolumeUnderTest.BLOCK;
import static io.keepup.cli.scenario.VolumeUnderTest.waitFor;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.keepup.cli.BlockClient;
import io.keepup.cli.rig.SessionLog;
import io.keepup.v1.AckKind;
import io.keepup.v1.NodeView;
import io.keepup.v1.Role;
import io.keepup.v1.SessionCause;
import io.keepup.v1.SessionKind;
import io.keepup.v1.VolumeProjection;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Another primary under a new epoch, and the old one comes back with entries that nobody else has. */
@Timeout(120)
class FailoverTest {

    private static final int TAIL = 30;
    private static final int TAIL_LBA = 500;

    @RegisterExtension
    final VolumeUnderTest volume = new VolumeUnderTest(8 << 20);

    private final String old = volume.node("a");
    private final String next = volume.node("b");
    private final String other = volume.node("c");

    @ParameterizedTest(name = "{1}")
    @CsvSource({
        "0, nothing was written since",
        "10, the old tail reaches past the new head",
        "30, both histories end at the same LSN",
        "90, the new history has passed the old tail"
    })
    void S_R10_V8_an_old_primary_with_an_unreplicated_tail_is_seen_to_have_diverged_and_is_rebuilt(
            int newWrites, String situation) {
        // given three equal copies
        volume.bootstrap(old, next, other);
        long common = volume.burst(old, 50);
        volume.awaitHealthyAt(common);
        volume.assertEqualCopies(old, next, other);
        assertShown(1, old, true, "");

        // and a tail that only the primary has, on disk and on its WAL lane
        volume.stop(next, other);
        volume.awaitProjection("both replicas to be missed", v -> v.getReplicas().stream()
                .allMatch(r -> r.getLastSyncAck().getAckKind() == AckKind.timed_out));
        assertShown(1, old, false, "awaiting_replica_sync");
        long tail = writeTail(common);
        volume.stop(old);

        // when a replica is promoted under a new epoch
        volume.start(next, other);
        volume.assign(2, next, old, other);
        volume.awaitProjection(
                other + " in keep-up with the new primary",
                v -> v.getPrimaryId().equals(next)
                        && v.getReplicas().size() == 2
                        && VolumeUnderTest.replica(v, other).getSession().getKind() == SessionKind.keepup);

        // then it serves, proven by the majority it has, and is not called healthy without the third
        long head = volume.burst(next, newWrites);
        assertThat(head).isEqualTo(common + newWrites);
        volume.awaitProjection("the new writes proven", v -> v.getDurableLsn() >= head);
        assertShown(2, next, false, "awaiting_replica_sync");
        assertThat(view(volume.projection(), old).getRole()).isEqualTo(Role.replica);
        assertThat(view(volume.projection(), old).getReason()).isEqualTo("awaiting_role_apply");

        // when the old primary comes back, then it is mended
        volume.start(old);
        assertRebuiltAsDiverged(tail, head);
    }

    @Test
    void S_R10_a_primary_that_is_replaced_while_it_runs_loses_its_tail_as_well() {
        // given a primary with a tail, its replicas away
        volume.bootstrap(old, next, other);
        long common = volume.burst(old, 50);
        volume.awaitHealthyAt(common);
        volume.assertEqualCopies(old, next, other);
        volume.stop(next, other);
        long tail = writeTail(common);

        // when it is told, running, that another one is primary now
        volume.assign(2, next, old, other);
        waitFor(old + " to be a replica").until(() -> volume.status(old).role().equals("replica"));
        try (BlockClient client = volume.client(old)) {
            assertThatThrownBy(() -> client.write(0, tailBlock(), false)).hasMessageContaining("not the primary");
        }
        assertThat(volume.projection().getHealthy()).isFalse();
        volume.start(next, other);

        // then it is mended
        assertRebuiltAsDiverged(tail, common);
    }

    /** The old primary's facts show that it went another way, though nothing of the WAL was recycled; and it is rebuilt. */
    private void assertRebuiltAsDiverged(long tail, long head) {
        SessionLog.Session session = volume.awaitCompleted(old, SessionKind.rebuild, 0);
        assertThat(session.cause()).isEqualTo(SessionCause.diverged);
        assertThat(session.facts().getReplicaLsn()).isEqualTo(tail);
        assertThat(session.facts().getPrimaryWalTail()).isOne();
        volume.awaitHealthyAt(head);
        assertShown(2, next, true, "");
        assertThat(view(volume.projection(), old).getReason()).isEqualTo("replica_not_primary");

        // its tail is gone
        assertThat(volume.sessions(old)).hasSize(1);
        volume.assertEqualCopies(next, old, other);
        try (BlockClient client = volume.client(old)) {
            for (int i = 0; i < TAIL; i++) {
                assertThat(client.read(TAIL_LBA + i, 1)).isNotEqualTo(tailBlock());
            }
        }
        // and it follows the new primary
        long later = volume.burst(next, 20);
        volume.awaitHealthyAt(later);
        volume.assertEqualCopies(next, old, other);
        assertThat(volume.seen().projections())
                .filteredOn(v -> v.getMeta().getEpoch() == 2 && v.getHealthy())
                .isNotEmpty()
                .allMatch(v -> v.getPrimaryId().equals(next));
    }

    /** Writes through the old primary what no replica gets; returns its last LSN. */
    private long writeTail(long common) {
        long tail = 0;
        try (BlockClient client = volume.client(old)) {
            for (int i = 0; i < TAIL; i++) {
                tail = client.write(TAIL_LBA + i, tailBlock(), false);
            }
            client.flush(); // its checkpoint is above whatever the new primary has
        }
        assertThat(tail).isEqualTo(common + TAIL);
        waitFor("the tail on the WAL lane").until(() -> volume.status(old).shippedLsn() == common + TAIL);
        return tail;
    }

    private static byte[] tailBlock() {
        byte[] block = new byte[BLOCK];
        Arrays.fill(block, (byte) 'T');
        return block;
    }

    /** Projection and API show the same of the volume, and it is this. */
    private void assertShown(long epoch, String primary, boolean healthy, String reason) {
        VolumeProjection projection = volume.projection();
        assertThat(projection.getMeta().getEpoch()).isEqualTo(epoch);
        assertThat(projection.getPrimaryId()).isEqualTo(primary);
        assertThat(projection.getHealthy()).isEqualTo(healthy);
        assertThat(projection.getReason()).isEqualTo(reason);
        waitFor("the API to show it").untilAsserted(() -> {
            JsonNode api = volume.api();
            assertThat(api.path("epoch").asLong()).isEqualTo(epoch);
            assertThat(api.path("primaryId").asText()).isEqualTo(primary);
            assertThat(api.path("healthy").asBoolean()).isEqualTo(healthy);
            assertThat(api.path("reason").asText()).isEqualTo(reason);
        });
    }

    private static NodeView view(VolumeProjection projection, String nodeId) {
        return projection.getNodes().stream()
                .filter(n -> n.getNodeId().equals(nodeId))
                .findFirst()
                .orElseThrow();
    }
}
