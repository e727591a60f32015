package io.keepup.cli.scenario;

import static io.keepup.cli.scenario.VolumeUnderTest.BLOCK;
import static io.keepup.cli.scenario.VolumeUnderTest.waitFor;
import static org.assertj.core.api.Assertions.assertThat;

import io.keepup.cli.CommandRun;
import io.keepup.v1.AssignmentDelivered;
import io.keepup.v1.Mode;
import io.keepup.v1.NodeFault;
import io.keepup.v1.ReadinessObserved;
import io.keepup.v1.RejectReason;
import io.keepup.v1.Role;
import io.keepup.v1.VolumeProjection;
import io.keepup.volume.Volume;
import io.keepup.volume.VolumeRole;
import io.keepup.volume.VolumeSpec;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Sizes and roles that a node cannot apply, and copies that are older than the cluster that assigns them. */
@Timeout(120)
class VolumeSizeTest {

    private static final long MIB = 1 << 20;

    @RegisterExtension
    final VolumeUnderTest volume = new VolumeUnderTest(4 * MIB);

    private final String p = volume.node("p");
    private final String r1 = volume.node("r1");

    private CommandRun assign(Object... more) {
        return volume.command("assign", more);
    }

    @Test
    void S_F10_a_size_that_makes_no_sense_is_refused_by_the_command_and_by_the_fold() {
        CommandRun refused = assign("--epoch", 1, "--primary", p, "--size", "100TiB");
        assertThat(refused.exit()).isEqualTo(2);
        assertThat(refused.err())
                .contains("--size 100.0 TiB is more than a volume can have, 8.0 TiB with blocks of 4.0 KiB");

        volume.putEvent(new AssignmentDelivered(volume.meta(p, 1), Role.primary, List.of(), 100L << 40, 0));
        volume.awaitWatch("the refusal", w -> w.rejected().count() == 1);
        assertThat(volume.rejected().getFirst().getReason()).isEqualTo(RejectReason.invalid_facts);
        assertThat(volume.rejected().getFirst().getDetail()).contains("more than the 2147483647 blocks");

        assertThat(assign("--epoch", 1, "--primary", p, "--size", "4MiB").exit())
                .isZero();
    }

    @Test
    void S_F10_a_role_without_room_is_shown_with_its_reason_and_until_it_is_applied_the_size_may_change()
            throws IOException {
        try (MountedFileSystem disk = MountedFileSystem.tmpfs(volume.directory(p), 4)) {
            volume.start(p, r1);
            Path filler = disk.fill();

            assertThat(assign("--epoch", 1, "--primary", p, "--replica", r1, "--size", "1TiB")
                            .exit())
                    .isZero();
            volume.awaitReason("disk_full");
            VolumeProjection pending = volume.projection();
            assertThat(pending.getMode()).isEqualTo(Mode.bootstrap_pending);
            assertThat(pending.getDetail()).startsWith(p + ": ").contains("No space left");
            assertThat(volume.answer(p, "/volumes").body()).contains("\"" + volume.id() + "\":\"disk_full: ");
            assertThat(volume.answer(p, "/readyz").statusCode()).isEqualTo(503);
            assertThat(volume.answer(p, "/readyz").body()).contains(volume.id(), "disk_full");
            waitFor("the replica to have its copy")
                    .until(() -> volume.status(r1).sizeBytes() == 1L << 40);

            // when a smaller size is assigned, the replica makes its empty copy anew
            assertThat(assign("--epoch", 1, "--primary", p, "--replica", r1, "--size", "4MiB")
                            .exit())
                    .isZero();
            waitFor("the replica to have its new copy")
                    .until(() -> volume.status(r1).sizeBytes() == 4 * MIB);

            // when there is room, the role is taken without another word
            Files.delete(filler);
            disk.resize(64);
            volume.awaitReady(r1);
            volume.awaitReason("awaiting_barrier_durability");
            volume.awaitHealthyAt(volume.burst(p, 5));
            assertThat(volume.projection().getSizeBytes()).isEqualTo(4 * MIB);
            assertThat(volume.answer(p, "/readyz").statusCode()).isEqualTo(200);
            volume.assertEqualCopies(p, r1);

            // and from now on the size stands
            CommandRun late = assign("--epoch", 2, "--primary", p, "--replica", r1, "--size", "8MiB");
            assertThat(late.exit()).isOne();
            assertThat(late.err()).contains("a volume does not change its size");
            volume.stop(p);
        }
    }

    @Test
    void S_F10_a_node_that_could_not_take_its_role_has_no_fault_any_more_when_it_is_let_go() {
        try (MountedFileSystem disk = MountedFileSystem.tmpfs(volume.directory(r1), 4)) {
            volume.start(p, r1);
            disk.fill();
            assertThat(assign("--epoch", 1, "--primary", p, "--replica", r1, "--size", "4MiB")
                            .exit())
                    .isZero();
            volume.awaitReason("disk_full");
            assertThat(volume.projection().getDetail()).startsWith(r1 + ": ");
            assertThat(volume.answer(r1, "/readyz").statusCode()).isEqualTo(503);

            assertThat(assign("--epoch", 2, "--primary", p, "--none", r1).exit())
                    .isZero();

            waitFor("the node to have no fault")
                    .until(() -> volume.answer(r1, "/readyz").statusCode() == 200);
            volume.awaitReason("allocated_only");
            volume.stop(r1);
        }
    }

    @Test
    void S_F11_copies_that_are_older_than_the_cluster_are_served_in_their_own_size_and_refusals_are_shown() {
        // given copies of epoch 3 on both nodes, of which this cluster knows nothing
        long head = writeCopies(16 * MIB, 16 * MIB);
        volume.start(p, r1);

        // when they are assigned in an epoch gone by, without a size
        assertThat(assign("--epoch", 1, "--primary", p, "--replica", r1).exit()).isZero();
        volume.awaitReason("stale_epoch");
        assertThat(volume.projection().getMode()).isEqualTo(Mode.bootstrap_pending);
        assertThat(volume.projection().getDetail()).contains("is at epoch 3, not 1");
        waitFor("both refusals").until(() -> volume.projection().getNodes().stream()
                .allMatch(n -> n.getFault() == NodeFault.stale_epoch));
        CommandRun refused = CommandRun.on(volume.cluster().options(), "status", volume.id());
        assertThat(refused.out()).startsWith(volume.id() + ": bootstrap_pending (stale_epoch)");

        // when the epoch is a new one, all is well, and the size is that of the copies
        assertThat(assign("--epoch", 4, "--primary", p, "--replica", r1).exit()).isZero();
        volume.awaitHealthyAt(head);
        assertThat(volume.projection().getSizeBytes()).isEqualTo(16 * MIB);
        assertThat(volume.projection().getNodes()).allMatch(n -> n.getSizeBytes() == 16 * MIB && n.getFault() == null);
        CommandRun status = CommandRun.on(volume.cluster().options(), "status", volume.id());
        assertThat(status.out()).contains("primary " + p + ", 16.0 MiB, ");
        assertThat(volume.status(r1).appliedLsn()).isGreaterThanOrEqualTo(head);
        volume.assertEqualCopies(p, r1);
    }

    @Test
    void S_F11_a_new_replica_gets_the_size_of_the_copy_that_is_there() throws IOException {
        long head = writeCopies(16 * MIB, 16 * MIB);
        volume.forget(r1);
        volume.start(p, r1);
        assertThat(assign("--epoch", 4, "--primary", p, "--replica", r1).exit()).isZero();
        volume.awaitHealthyAt(head);
        assertThat(volume.projection().getSizeBytes()).isEqualTo(16 * MIB);
        assertThat(volume.status(r1).sizeBytes()).isEqualTo(16 * MIB);
        volume.assertEqualCopies(p, r1);
    }

    @Test
    void S_F11_a_copy_in_another_size_than_the_volumes_is_refused_after_a_restart_too() {
        // given a replica that took its role, and a primary whose copy is larger
        writeCopies(16 * MIB, 8 * MIB);
        volume.start(r1);
        assertThat(assign("--epoch", 4, "--primary", p, "--replica", r1, "--size", "8MiB")
                        .exit())
                .isZero();
        volume.awaitProjection(
                "the replica in its role", v -> v.getNodes().stream().anyMatch(n -> n.getSizeBytes() == 8 * MIB));
        volume.start(p);
        volume.awaitReason("size_mismatch");
        int refused = refusals();

        // when the node of that copy is started again
        volume.stop(r1);
        volume.start(r1);

        // then it refuses again
        waitFor("another refusal").until(() -> refusals() > refused);
        volume.awaitReason("size_mismatch");

        // and that stands, also when the node repeats what it reported of its role
        waitFor("the refusal to stand")
                .during(Duration.ofSeconds(7))
                .until(() -> volume.projection().getReason().equals("size_mismatch"));
        assertThat(volume.sessions()).isEmpty();
        assertThat(volume.projection().getHealthy()).isFalse();
    }

    private int refusals() {
        return volume.seen()
                .values(ReadinessObserved.class, e -> e.getFault() == NodeFault.size_mismatch)
                .size();
    }

    /** The same five writes on both nodes, which do not run; returns the head. */
    private long writeCopies(long ofPrimary, long ofReplica) {
        volume.start(p, r1); // their directories are those of nodes
        volume.stop(p, r1);
        try (Volume primary = Volume.create(volume.files(p), new VolumeSpec(volume.id(), ofPrimary, BLOCK));
                Volume replica = Volume.create(volume.files(r1), new VolumeSpec(volume.id(), ofReplica, BLOCK))) {
            primary.assume(3, VolumeRole.PRIMARY);
            replica.assume(3, VolumeRole.REPLICA);
            long head = 0;
            for (int i = 0; i < 5; i++) {
                ByteBuffer block = ByteBuffer.allocate(BLOCK).putInt(0, i + 1);
                head = primary.write(1_000 + i, block);
            }
            primary.sync();
            replica.apply(primary.readWal(1, 1 << 20));
            return head;
        }
    }
}
