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
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.LongFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A primary with base at LSN 10 and a replica that holds other data. */
class RebuildRulesTest {
    private static final long BASE = 10;

    @TempDir
    Path tmp;

    private Volume primary;
    private Volume replica;

    @BeforeEach
    void open() {
        primary = Fixtures.primary(tmp.resolve("primary"));
        for (int i = 0; i < BASE; i++) {
            primary.write(i * 3, data(i, 2));
        }
        primary.sync();
        replica = Fixtures.replica(tmp.resolve("replica"));
        replica.apply(List.of(write(1, 1, 0, 77, 32), write(1, 2, 32, 78, 32)));
        replica.flush();
        replica.apply(List.of(write(1, 3, 5, 79, 20)));
    }

    @AfterEach
    void close() {
        primary.close();
        replica.close();
    }

    private RebuildBounds bounds(long sessionId, long target) {
        return new RebuildBounds(sessionId, 1, BASE, target, false);
    }

    private RebuildSession start(long sessionId, long target) {
        return replica.rebuild().start(bounds(sessionId, target));
    }

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
        assertThat(replica.status().appliedEpoch()).as("no entry, so not known").isZero();
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

        assertThat(kindOf(() -> replica.rebuild().start(new RebuildBounds(1, 2, BASE, BASE, false))))
                .isEqualTo(Kind.STALE_EPOCH);
        assertThat(kindOf(() -> replica.rebuild().start(new RebuildBounds(1, 0, BASE, BASE, false))))
                .isEqualTo(Kind.STALE_EPOCH);
        assertThat(kindOf(() -> start(1, 0))).isEqualTo(Kind.BAD_BOUNDS);
        assertThat(kindOf(() -> start(0, BASE))).isEqualTo(Kind.BAD_BOUNDS);
        assertThat(kindOf(() -> replica.rebuild().start(new RebuildBounds(1, 1, -1, BASE, false))))
                .isEqualTo(Kind.BAD_BOUNDS);
        assertThat(kindOf(() -> replica.rebuild().start(new RebuildBounds(1, 1, 1, BASE, false))))
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
        replica.rebuild().start(new RebuildBounds(1, 1, 2, BASE, false));
        replica.close();
        replica = Fixtures.replica(tmp.resolve("ahead"));
        replica.apply(List.of(write(1, 1, 0, 1, 1), write(1, 2, 0, 2, 1)));
        replica.flush();

        assertThat(replica.rebuild()
                        .start(new RebuildBounds(1, 1, 1, BASE, true))
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

    @Test
    void R7_duplicates_are_no_ops_and_a_gap_fails_the_session_before_any_effect() {
        RebuildSession session = start(1, BASE + 3);
        List<WalEntry> entries =
                List.of(write(1, BASE + 1, 0, 1, 1), write(1, BASE + 2, 1, 2, 1), write(1, BASE + 3, 2, 3, 1));
        applyWal(session, entries.subList(0, 2));
        applyWal(session, entries.subList(0, 2));
        applyWal(session, List.of(write(1, BASE, 30, 9, 4)));
        assertThat(session.progress().walAppliedLsn()).isEqualTo(BASE + 2);
        assertThat(session.progress().walBytes()).isEqualTo(2 * BLOCK);
        applyWal(session, entries);
        assertThat(session.progress().walAppliedLsn()).isEqualTo(BASE + 3);
        assertThat(session.progress().durableLsn()).isEqualTo(BASE + 3);

        assertThat(kindOf(() -> applyWal(session, List.of(write(1, BASE + 4, 3, 4, 1), write(1, BASE + 6, 4, 5, 1)))))
                .isEqualTo(Kind.GAP);

        assertThat(session.progress().walAppliedLsn()).isEqualTo(BASE + 3);
        assertThat(session.ended()).hasValue(SessionEnd.TRANSPORT_LOST);
        assertUnprovenAnySession();
    }

    @Test
    void R7_the_first_entry_must_follow_the_base() {
        RebuildSession session = start(1, BASE + 3);

        assertThat(kindOf(() -> applyWal(session, List.of(write(1, BASE + 2, 0, 1, 1)))))
                .isEqualTo(Kind.GAP);
    }

    @Test
    void S2_a_damaged_wal_entry_fails_the_session_in_every_field() {
        WalEntry good = write(1, BASE + 1, 4, 1, 2);
        ByteBuffer flipped = data(1, 2);
        flipped.put(700, (byte) (flipped.get(700) ^ 1));
        int crc = good.crc32c();
        List<WalEntry> damaged = List.of(
                new WalEntry(0, good.lsn(), good.kind(), 4, 2, crc, good.payload()),
                new WalEntry(1, good.lsn() + 1, good.kind(), 4, 2, crc, good.payload()),
                new WalEntry(1, good.lsn(), WalEntryKind.TRIM, 4, 2, crc, null),
                new WalEntry(1, good.lsn(), good.kind(), 5, 2, crc, good.payload()),
                new WalEntry(
                        1, good.lsn(), good.kind(), 4, 1, crc, good.payload().limit(BLOCK)),
                new WalEntry(1, good.lsn(), good.kind(), 4, 2, crc ^ 1, good.payload()),
                new WalEntry(1, good.lsn(), good.kind(), 4, 2, crc, flipped),
                WalEntry.write(1, good.lsn(), BLOCKS - 1, 2, data(1, 2)),
                WalEntry.trim(1, good.lsn(), -1, 2));
        long id = 1;
        for (WalEntry entry : damaged) {
            RebuildSession session = start(id++, BASE + 1);
            assertThat(kindOf(() -> applyWal(session, List.of(entry))))
                    .as("%s", entry)
                    .isEqualTo(Kind.ENTRY_CORRUPT);
            assertThat(session.ended()).hasValue(SessionEnd.TRANSPORT_LOST);
            assertUnprovenAnySession();
        }
    }

    @Test
    void R8_a_damaged_chunk_fails_the_session_in_every_field() {
        ByteBuffer good = data(3, 4);
        ByteBuffer flipped = data(3, 4);
        flipped.put(1999, (byte) (flipped.get(1999) ^ 0x40));
        List<LongFunction<BaseBlocks>> damages = List.of(
                id -> new BaseBlocks(id, 1, 1, 8, 4, crc(id), false, good),
                id -> new BaseBlocks(id, 1, 0, 9, 4, crc(id), false, good),
                id -> new BaseBlocks(id, 1, 0, 8, 3, crc(id), false, good.slice(0, 3 * BLOCK)),
                id -> new BaseBlocks(id, 1, 0, 8, 4, crc(id) ^ 0x8000, false, good),
                id -> new BaseBlocks(id, 1, 0, 8, 4, crc(id), true, good),
                id -> new BaseBlocks(id, 1, 0, 8, 4, crc(id), false, null),
                id -> new BaseBlocks(id, 1, 0, 8, 4, crc(id), false, flipped),
                id -> BaseBlocks.of(id, 1, 0, 8, 4, false, data(3, 3)),
                id -> BaseBlocks.of(id, 1, 0, BLOCKS - 3, 4, false, good),
                id -> BaseBlocks.of(id, 1, 0, -1, 4, false, good),
                id -> BaseBlocks.of(id, 1, 0, 8, 0, false, null),
                id -> BaseBlocks.of(id, 1, -1, 8, 4, false, good));
        long id = 1;
        for (LongFunction<BaseBlocks> damage : damages) {
            RebuildSession session = start(id, BASE);
            BaseBlocks chunk = damage.apply(id++);
            assertThat(kindOf(() -> session.applyBase(chunk))).as("%s", chunk).isEqualTo(Kind.CHUNK_CORRUPT);
            assertThat(session.ended()).hasValue(SessionEnd.SNAPSHOT_UNAVAILABLE);
            assertUnprovenAnySession();
        }
        RebuildSession session = start(id, BASE);
        assertThat(session.applyBase(new BaseBlocks(id, 1, 0, 8, 4, crc(id), false, good))
                        .written())
                .as("undamaged")
                .isEqualTo(4);
    }

    private static int crc(long id) {
        return BaseBlocks.of(id, 1, 0, 8, 4, false, data(3, 4)).crc32c();
    }

    @Test
    void R8_duplicated_and_reordered_chunks_are_harmless() {
        RebuildSession session = start(1, BASE);
        List<BaseBlocks> chunks = base(primary, session.bounds(), 5);
        List<BaseBlocks> shuffled = new ArrayList<>(chunks);
        Collections.reverse(shuffled);
        shuffled.addAll(chunks);
        shuffled.forEach(session::applyBase);
        assertThat(session.progress().baseBlocksDone()).isEqualTo(BLOCKS);
        endBase(session, chunks, BASE);

        assertThat(session.tryComplete()).isPresent();
        assertThat(replica.digest().sha256()).isEqualTo(primary.digest().sha256());
    }

    @Test
    void R8_a_base_that_is_not_whole_fails_the_session_before_commit() {
        long id = 1;
        for (int missing = 0; missing < 4; missing++) {
            RebuildSession session = start(id++, BASE);
            List<BaseBlocks> chunks = base(primary, session.bounds(), 16);
            List<BaseBlocks> sent = new ArrayList<>(chunks);
            sent.remove(missing);
            sent.forEach(session::applyBase);
            assertNotWhole(session, chunks.size(), Fixtures.digest(chunks));
        }
        RebuildSession session = start(id++, BASE);
        List<BaseBlocks> chunks = base(primary, session.bounds(), 16);
        chunks.forEach(session::applyBase);
        assertNotWhole(session, chunks.size(), Fixtures.digest(chunks) ^ 1);

        assertNotWhole(id++, 0, 32, 40, 24, true);
        assertNotWhole(id++, 0, 32, 30, 34, true);
        assertNotWhole(id++, 0, 32, 32, 31, true);
        assertNotWhole(id++, 1, 31, 32, 32, true);
        assertNotWhole(id, 0, 32, 32, 32, false);
    }

    private void assertNotWhole(long id, int first, int firstCount, int second, int secondCount, boolean last) {
        RebuildSession session = start(id, BASE);
        List<BaseBlocks> chunks = List.of(
                BaseBlocks.of(id, 1, 0, first, firstCount, false, null),
                BaseBlocks.of(id, 1, 1, second, secondCount, last, null));
        chunks.forEach(session::applyBase);
        assertNotWhole(session, 2, Fixtures.digest(chunks));
    }

    private void assertNotWhole(RebuildSession session, int chunks, int digest) {
        assertThat(kindOf(() -> session.markBaseComplete(session.bounds().sessionId(), 1, chunks, digest, BASE)))
                .isEqualTo(Kind.BASE_INCOMPLETE);
        assertThat(session.ended()).hasValue(SessionEnd.SNAPSHOT_UNAVAILABLE);
        assertUnprovenAnySession();
    }

    @Test
    void R8_two_chunks_of_one_seq_that_differ_fail_the_session() {
        RebuildSession session = start(1, BASE);
        session.applyBase(BaseBlocks.of(1, 1, 0, 0, 16, false, data(1, 16)));

        assertThat(kindOf(() -> session.applyBase(BaseBlocks.of(1, 1, 0, 0, 16, false, data(2, 16)))))
                .isEqualTo(Kind.CHUNK_CORRUPT);
        assertThat(session.ended()).hasValue(SessionEnd.SNAPSHOT_UNAVAILABLE);
    }

    @Test
    void R11_zero_runs_cover_old_data_on_the_replica() {
        RebuildSession session = start(1, BASE);
        List<BaseBlocks> chunks = List.of(BaseBlocks.of(1, 1, 0, 0, BLOCKS, true, null));
        chunks.forEach(session::applyBase);
        endBase(session, chunks, BASE);
        session.tryComplete().orElseThrow();

        assertThat(contents(replica)).containsOnly(0);
        assertThat(session.progress().zeroBytes()).isEqualTo(BLOCKS * BLOCK);
        assertThat(session.progress().baseBytes()).isZero();
    }

    @Test
    void progress_counts_base_wal_zero_and_skipped_apart() {
        RebuildSession session = start(1, BASE + 1);
        assertThat(session.progress().phase()).isEqualTo(RebuildPhase.ACCEPTED);
        applyWal(session, List.of(write(1, BASE + 1, 14, 1, 4)));
        session.applyBase(BaseBlocks.of(1, 1, 0, 0, 16, false, data(1, 16)));
        session.applyBase(BaseBlocks.of(1, 1, 1, 16, 48, true, null));

        assertThat(session.progress())
                .isEqualTo(new RebuildProgress(
                        RebuildPhase.RUNNING, 64, 64, 4, 14 * BLOCK, 46 * BLOCK, 4 * BLOCK, BASE + 1, BASE + 1));
    }

    private void assertUnprovenAnySession() {
        assertThat(replica.status().recoverable()).isFalse();
        assertThat(replica.status().appliedLsn()).isZero();
    }
}
