package io.keepup.volume;

import static io.keepup.volume.Fixtures.BLOCK;
import static io.keepup.volume.Fixtures.BLOCKS;
import static io.keepup.volume.Fixtures.applyWal;
import static io.keepup.volume.Fixtures.base;
import static io.keepup.volume.Fixtures.contents;
import static io.keepup.volume.Fixtures.crashed;
import static io.keepup.volume.Fixtures.data;
import static io.keepup.volume.Fixtures.endBase;
import static io.keepup.volume.Fixtures.kindOf;
import static io.keepup.volume.Fixtures.wal;
import static io.keepup.volume.Fixtures.write;
import static org.assertj.core.api.Assertions.assertThat;

import io.keepup.volume.VolumeException.Kind;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a session needs to start and to complete, and what stands meanwhile. */
class RebuildRulesTest extends RebuildScene {
    @Test
    void R2_base_equal_to_target_completes_on_base_alone() {
        RebuildSession session = start(1, BASE);
        List<BaseBlocks> chunks = base(primary, session.bounds(), 16);
        chunks.forEach(session::applyBase);
        assertThat(session.tryComplete()).as("before the end of the base").isEmpty();
        endBase(session, chunks, BASE);

        Completion completion = session.tryComplete().orElseThrow();

        assertThat(completion.achievedLsn()).isEqualTo(BASE);
        assertThat(completion.durableLsn()).isEqualTo(BASE);
        assertThat(replica.status().appliedLsn()).isEqualTo(BASE);
        assertThat(replica.status().recoverable()).isTrue();
        assertThat(replica.digest().sha256()).isEqualTo(primary.digest().sha256());
    }

    @Test
    void R2_base_first_waits_for_the_target() {
        RebuildSession session = start(1, BASE + 2);
        primary.write(40, data(50, 4));
        primary.trim(3, 5);
        primary.sync();
        List<BaseBlocks> chunks = base(primary, session.bounds(), 16);
        chunks.forEach(session::applyBase);
        endBase(session, chunks, BASE + 2);
        assertThat(session.progress().phase()).isEqualTo(RebuildPhase.BASE_COMPLETE);
        List<WalEntry> entries = wal(primary, BASE + 1);

        applyWal(session, entries.subList(0, 1));
        assertThat(session.tryComplete()).isEmpty();
        applyWal(session, entries.subList(1, 2));

        assertThat(session.tryComplete()).isPresent();
        assertThat(replica.digest()).isEqualTo(primary.digest());
    }

    @Test
    void R2_target_first_waits_for_the_base() {
        RebuildSession session = start(1, BASE + 1);
        primary.write(40, data(50, 4));
        primary.sync();
        applyWal(session, wal(primary, BASE + 1));
        assertThat(session.tryComplete()).isEmpty();
        List<BaseBlocks> chunks = base(primary, session.bounds(), 16);
        chunks.forEach(session::applyBase);
        assertThat(session.tryComplete()).isEmpty();

        endBase(session, chunks, BASE + 1);

        assertThat(session.tryComplete()).isPresent();
        assertThat(replica.digest()).isEqualTo(primary.digest());
    }

    @Test
    void R2_the_head_at_the_end_of_the_base_raises_the_target() {
        RebuildSession session = start(1, BASE);
        primary.write(0, data(50, 4));
        primary.sync();
        List<BaseBlocks> chunks = base(primary, session.bounds(), 16);
        chunks.forEach(session::applyBase);
        endBase(session, chunks, BASE + 1);
        assertThat(session.tryComplete()).isEmpty();

        applyWal(session, wal(primary, BASE + 1));

        assertThat(session.tryComplete().orElseThrow().achievedLsn()).isEqualTo(BASE + 1);
    }

    @Test
    void R2_completion_latches_and_late_messages_change_nothing() {
        RebuildSession session = start(1, BASE);
        List<BaseBlocks> chunks = base(primary, session.bounds(), 16);
        chunks.forEach(session::applyBase);
        endBase(session, chunks, BASE);
        Completion first = session.tryComplete().orElseThrow();
        byte[] data = contents(replica);
        replica.apply(List.of(write(1, BASE + 1, 0, 99, 1)));

        assertThat(session.tryComplete()).hasValue(first);
        assertThat(session.applyBase(chunks.getFirst())).isEqualTo(new ChunkOutcome(0, 16));
        endBase(session, chunks, BASE);
        session.cancel(SessionEnd.CANCELLED);
        assertThat(session.ended()).isEmpty();
        assertThat(replica.rebuild().start(bounds(1, BASE))).isSameAs(session);
        assertThat(session.tryComplete()).hasValue(first);
        assertThat(kindOf(() -> applyWal(session, List.of(write(1, BASE + 2, 0, 1, 1)))))
                .isEqualTo(Kind.SESSION_ENDED);
        data(99, 1).get(data, 0, BLOCK);
        assertThat(contents(replica)).isEqualTo(data);
        assertThat(replica.rebuild().active()).isEmpty();
    }

    @Test
    void R2_the_live_lane_goes_on_after_completion_and_survives_a_reopen() {
        RebuildSession session = start(1, BASE);
        List<BaseBlocks> chunks = base(primary, session.bounds(), 16);
        chunks.forEach(session::applyBase);
        endBase(session, chunks, BASE);
        session.tryComplete().orElseThrow();
        primary.write(9, data(60, 3));
        primary.sync();
        assertThat(replica.apply(wal(primary, BASE + 1))).isEqualTo(1);
        replica.close();

        replica = Volume.open(tmp.resolve("replica"));

        assertThat(replica.status().appliedLsn()).isEqualTo(BASE + 1);
        assertThat(replica.status().walTail()).isEqualTo(BASE + 1);
        assertThat(replica.digest()).isEqualTo(primary.digest());
        assertThat(kindOf(() -> start(1, BASE))).isEqualTo(Kind.STALE_SESSION);
    }

    @Test
    void A8_a_copy_knows_the_epoch_of_the_entry_its_base_ends_at() {
        RebuildSession session = start(1, BASE);
        List<BaseBlocks> chunks = base(primary, session.bounds(), 16);
        chunks.forEach(session::applyBase);
        endBase(session, chunks, BASE);
        session.tryComplete().orElseThrow();

        assertThat(replica.status().appliedEpoch()).as("of base alone").isEqualTo(1);
        assertThat(replica.epochAt(BASE)).isEqualTo(1);

        replica.assume(4, VolumeRole.REPLICA);
        replica.apply(List.of(write(4, BASE + 1, 0, 99, 1)));
        replica.close();
        replica = Volume.open(tmp.resolve("replica"));

        assertThat(replica.epochAt(BASE)).as("before the tail").isEqualTo(1);
        assertThat(replica.epochAt(BASE + 1)).isEqualTo(4);
    }

    @Test
    void R4_the_same_id_again_keeps_progress_and_other_bounds_are_refused() {
        RebuildSession session = start(5, BASE);
        session.applyBase(base(primary, session.bounds(), 16).getFirst());

        assertThat(start(5, BASE)).isSameAs(session);

        assertThat(session.progress().baseBlocksDone()).isEqualTo(16);
        assertThat(kindOf(() -> start(5, BASE + 1))).isEqualTo(Kind.BAD_BOUNDS);
        assertThat(replica.rebuild().active()).hasValue(session);
    }

    @Test
    void R4_a_higher_id_supersedes_and_nothing_of_the_old_session_remains() {
        RebuildSession old = start(5, BASE);
        old.applyBase(BaseBlocks.of(5, 1, 0, 0, BLOCKS, true, data(500, BLOCKS)));
        applyWal(old, List.of(write(1, BASE + 1, 20, 501, 8)));

        RebuildSession session = start(6, BASE);

        assertThat(old.ended()).hasValue(SessionEnd.SUPERSEDED);
        assertThat(old.progress().phase()).isEqualTo(RebuildPhase.FAILED);
        assertThat(kindOf(() -> applyWal(old, List.of()))).isEqualTo(Kind.SESSION_ENDED);
        assertThat(kindOf(old::tryComplete)).isEqualTo(Kind.SESSION_ENDED);
        List<BaseBlocks> chunks = base(primary, session.bounds(), 16);
        chunks.forEach(session::applyBase);
        endBase(session, chunks, BASE);
        assertThat(session.tryComplete()).isPresent();
        assertThat(replica.digest().sha256()).isEqualTo(primary.digest().sha256());
    }

    @Test
    void R4_stale_ids_and_epochs_are_refused_on_every_lane_and_leave_the_session_alone() {
        RebuildSession session = start(5, BASE);
        RebuildProgress before = session.progress();

        assertThat(kindOf(() -> start(4, BASE))).isEqualTo(Kind.STALE_SESSION);
        assertThat(kindOf(() -> session.applyWal(4, 1, List.of(write(1, BASE + 1, 0, 1, 1)))))
                .isEqualTo(Kind.STALE_SESSION);
        assertThat(kindOf(() -> session.applyWal(5, 2, List.of(write(1, BASE + 1, 0, 1, 1)))))
                .isEqualTo(Kind.STALE_EPOCH);
        assertThat(kindOf(() -> session.applyBase(BaseBlocks.of(4, 1, 0, 0, 1, false, data(1, 1)))))
                .isEqualTo(Kind.STALE_SESSION);
        assertThat(kindOf(() -> session.applyBase(BaseBlocks.of(5, 0, 0, 0, 1, false, data(1, 1)))))
                .isEqualTo(Kind.STALE_EPOCH);
        assertThat(kindOf(() -> session.markBaseComplete(6, 1, 0, 0, BASE))).isEqualTo(Kind.STALE_SESSION);
        assertThat(kindOf(() -> session.markBaseComplete(5, 2, 0, 0, BASE))).isEqualTo(Kind.STALE_EPOCH);

        assertThat(session.progress()).isEqualTo(before);
        assertThat(replica.rebuild().active()).hasValue(session);
    }

    @Test
    void R5_refusals_come_before_any_effect() {
        VolumeStatus before = replica.status();
        byte[] data = contents(replica);

        assertThat(kindOf(() -> replica.rebuild().start(new RebuildBounds(1, 2, BASE, 1, BASE, false))))
                .isEqualTo(Kind.STALE_EPOCH);
        assertThat(kindOf(() -> replica.rebuild().start(new RebuildBounds(1, 0, BASE, 1, BASE, false))))
                .isEqualTo(Kind.STALE_EPOCH);
        assertThat(kindOf(() -> start(1, 0))).isEqualTo(Kind.BAD_BOUNDS);
        assertThat(kindOf(() -> start(0, BASE))).isEqualTo(Kind.BAD_BOUNDS);
        assertThat(kindOf(() -> replica.rebuild().start(new RebuildBounds(1, 1, -1, 0, BASE, false))))
                .isEqualTo(Kind.BAD_BOUNDS);
        assertThat(kindOf(() -> replica.rebuild().start(new RebuildBounds(1, 1, 1, 1, BASE, false))))
                .as("checkpoint 2 above base 1")
                .isEqualTo(Kind.CHECKPOINT_AHEAD);
        assertThat(kindOf(() -> primary.rebuild().start(bounds(1, BASE)))).isEqualTo(Kind.NOT_REPLICA);

        assertThat(replica.status()).isEqualTo(before);
        assertThat(contents(replica)).isEqualTo(data);
        assertThat(replica.rebuild().active()).isEmpty();
        assertThat(primary.status().recoverable()).isTrue();
    }

    @Test
    void R5_the_checkpoint_edge_and_worthless_local_data_are_accepted() {
        replica.rebuild().start(new RebuildBounds(1, 1, 2, 1, BASE, false));
        replica.close();
        replica = Fixtures.replica(tmp.resolve("ahead"));
        replica.apply(List.of(write(1, 1, 0, 1, 1), write(1, 2, 0, 2, 1)));
        replica.flush();

        assertThat(replica.rebuild()
                        .start(new RebuildBounds(1, 1, 1, 1, BASE, true))
                        .ended())
                .isEmpty();
    }

    @Test
    void R6_the_marker_stands_at_every_stage_until_completion() {
        List<Path> stages = new ArrayList<>();
        RebuildSession session = start(7, BASE + 1);
        stages.add(stage(stages));
        primary.write(40, data(50, 4));
        primary.sync();
        List<BaseBlocks> chunks = base(primary, session.bounds(), 16);
        session.applyBase(chunks.get(0));
        stages.add(stage(stages));
        applyWal(session, wal(primary, BASE + 1));
        replica.flush();
        stages.add(stage(stages));
        chunks.forEach(session::applyBase);
        endBase(session, chunks, BASE + 1);
        stages.add(stage(stages));

        for (Path stage : stages) {
            try (Volume volume = Volume.open(stage)) {
                assertUnproven(volume.status());
                assertThat(kindOf(() -> contents(volume))).isEqualTo(Kind.REBUILDING);
                assertThat(kindOf(() -> volume.apply(List.of(write(1, 1, 0, 1, 1)))))
                        .isEqualTo(Kind.REBUILDING);
                assertThat(volume.rebuild().active())
                        .as("[R9] no session is resumed")
                        .isEmpty();
                assertThat(kindOf(() -> volume.rebuild().start(bounds(7, BASE + 1))))
                        .isEqualTo(Kind.STALE_SESSION);
                assertThat(volume.flush()).isZero();
            }
        }
        session.tryComplete().orElseThrow();
        try (Volume volume = Volume.open(stage(stages))) {
            assertThat(volume.status().recoverable()).isTrue();
            assertThat(volume.status().appliedLsn()).isEqualTo(BASE + 1);
            assertThat(volume.digest()).isEqualTo(primary.digest());
        }
    }

    private Path stage(List<Path> stages) {
        assertThat(replica.status().rebuildSessionId().isPresent())
                .isEqualTo(!replica.status().recoverable());
        return crashed(tmp.resolve("replica"), tmp.resolve("stage-" + stages.size()));
    }

    private static void assertUnproven(VolumeStatus status) {
        assertThat(status.appliedLsn()).isZero();
        assertThat(status.durableLsn()).isZero();
        assertThat(status.checkpointLsn()).isZero();
        assertThat(status.recoverable()).isFalse();
        assertThat(status.rebuildSessionId()).hasValue(7);
    }

    @Test
    void R6_cancel_leaves_the_marker_and_a_higher_session_goes_through() {
        RebuildSession session = start(7, BASE);
        session.cancel(SessionEnd.PROGRESS_STALLED);

        assertUnproven(replica.status());
        assertThat(session.ended()).hasValue(SessionEnd.PROGRESS_STALLED);
        assertThat(kindOf(() -> start(7, BASE))).isEqualTo(Kind.SESSION_ENDED);
        RebuildSession next = start(8, BASE);
        List<BaseBlocks> chunks = base(primary, next.bounds(), 64);
        chunks.forEach(next::applyBase);
        endBase(next, chunks, BASE);
        assertThat(next.tryComplete()).isPresent();
    }

    @Test
    void R6_a_new_epoch_ends_the_session_and_the_marker_stays() {
        RebuildSession session = start(7, BASE);

        replica.assume(2, VolumeRole.REPLICA);

        assertThat(session.ended()).hasValue(SessionEnd.EPOCH_MISMATCH);
        assertUnproven(replica.status());
        replica.assume(3, VolumeRole.PRIMARY);
        assertThat(kindOf(() -> replica.write(0, data(1, 1)))).isEqualTo(Kind.REBUILDING);
    }
}
