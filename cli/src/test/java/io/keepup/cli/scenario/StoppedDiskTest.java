package io.keepup.cli.scenario;

import static io.keepup.cli.scenario.VolumeUnderTest.BLOCK;
import static io.keepup.cli.scenario.VolumeUnderTest.waitFor;
import static org.assertj.core.api.Assertions.assertThat;

import io.keepup.cli.CommandRun;
import io.keepup.v1.Mode;
import io.keepup.v1.NodeFault;
import io.keepup.v1.NodeView;
import io.keepup.v1.ReplicaView;
import io.keepup.v1.VolumeProjection;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Real file systems that take no changes any more, under a primary or a replica. */
@Timeout(180)
class StoppedDiskTest {

    private static final Duration SOON = Duration.ofSeconds(15);

    @RegisterExtension
    final VolumeUnderTest volume = new VolumeUnderTest(4 << 20);

    private final String p = volume.node("p");
    private final String r1 = volume.node("r1");

    @Test
    void S_F6_a_replica_whose_disk_stops_while_nobody_writes_is_shown_gets_no_session_and_catches_up_when_mended() {
        try (MountedFileSystem disk = MountedFileSystem.ext4(volume.directory(r1), 48)) {
            volume.bootstrap(p, r1);
            volume.awaitHealthyAt(volume.burst(p, 5));

            // when it fails, and nobody writes
            disk.fail();
            Instant failed = Instant.now();

            // then that is seen soon, wherever one looks
            awaitStopped(r1);
            assertThat(Instant.now()).isBefore(failed.plus(SOON));
            waitFor("the sync to say it").untilAsserted(() -> {
                ReplicaView replica = volume.replica(r1);
                assertThat(replica.getLastSyncAck().getRecoverable()).isFalse();
                assertThat(replica.getLastSyncAck().getReason()).hasToString("disk_failed");
            });
            assertShown(r1);

            // and the primary goes on, without a session that could not get anywhere
            long head = volume.burst(p, 20);
            volume.awaitProjection("the new head", v -> v.getWalHead() >= head);
            assertThat(volume.sessions()).isEmpty();
            assertThat(volume.seen().story()).doesNotContain("bootstrap_pending/recovery_in_progress");
            assertThat(volume.projection().getReason()).isEqualTo("disk_read_only");

            // when the disk is mended and the node is back, it catches up
            volume.stop(r1);
            disk.repair();
            volume.start(r1);
            volume.awaitHealthyAt(head);
            assertThat(node(volume.projection(), r1).getFault()).isNull();
            assertThat(volume.answer(r1, "/readyz").statusCode()).isEqualTo(200);
            volume.assertEqualCopies(p, r1);
            volume.stop(r1);
        }
    }

    @Test
    void S_F6_a_primary_whose_disk_stops_is_not_healthy_and_a_write_is_answered_with_what_the_disk_said() {
        try (MountedFileSystem disk = MountedFileSystem.ext4(volume.directory(p), 48)) {
            volume.bootstrap(p, r1);
            long head = volume.burst(p, 5);
            volume.awaitHealthyAt(head);

            disk.fail();
            Instant failed = Instant.now();

            HttpResponse<String> write =
                    volume.answer(p, "PUT", "/volumes/" + volume.id() + "/blocks/3", new byte[BLOCK]);
            assertThat(write.statusCode()).isEqualTo(500);
            assertThat(write.body())
                    .contains("READ_ONLY", "Read-only file system")
                    .doesNotContain("No permission", "make it writable");
            awaitStopped(p);
            assertThat(Instant.now()).isBefore(failed.plus(SOON));
            assertShown(p);
            assertThat(volume.replica(r1).getSession().getKind()).hasToString("keepup");

            volume.stop(p);
            disk.repair();
            volume.start(p);
            volume.awaitHealthyAt(head);
            volume.awaitHealthyAt(volume.burst(p, 5));
            volume.assertEqualCopies(p, r1);
            volume.stop(p);
        }
    }

    private void awaitStopped(String node) {
        volume.awaitReason("disk_read_only");
        assertThat(volume.projection().getMode()).isEqualTo(Mode.degraded);
        assertThat(volume.projection().getHealthy()).isFalse();
        assertThat(volume.projection().getDetail()).startsWith(node + ": ").contains("Read-only file system");
        assertThat(node(volume.projection(), node).getFault()).isEqualTo(NodeFault.disk_read_only);
    }

    private void assertShown(String node) {
        HttpResponse<String> ready = volume.answer(node, "/readyz");
        assertThat(ready.statusCode()).isEqualTo(503);
        assertThat(ready.body()).contains(volume.id(), "disk_read_only", "Read-only file system");
        assertThat(volume.answer(node, "/volumes").body())
                .contains("\"" + volume.id() + "\":\"disk_read_only: ")
                .contains("\"fault\":\"disk_read_only\"");
        assertThat(volume.answer(node, "/metrics").body()).contains("keepup_node_volumes_refused 1");
        CommandRun status = CommandRun.on(volume.cluster().options(), "status", volume.id());
        assertThat(status.out())
                .startsWith(volume.id() + ": degraded (disk_read_only)" + System.lineSeparator() + "  " + node + ": ");
        assertThat(CommandRun.on(volume.cluster().options(), "events", volume.id())
                        .out())
                .contains(node + ": disk_read_only, ");
        assertThat(CommandRun.on(volume.cluster().options(), "audit", volume.id())
                        .out())
                .contains(node + " has a fault, disk_read_only");
        assertThat(volume.api().path("detail").asText()).contains("Read-only file system");
        assertThat(volume.cluster().metric("keepup_node_faults{fault=\"disk_read_only\"}"))
                .isPositive();
    }

    private static NodeView node(VolumeProjection volume, String id) {
        return volume.getNodes().stream()
                .filter(n -> n.getNodeId().equals(id))
                .findFirst()
                .orElseThrow();
    }
}
