package io.keepup.volume;

import static io.keepup.volume.Fixtures.BLOCK;
import static io.keepup.volume.Fixtures.BLOCKS;
import static io.keepup.volume.Fixtures.applyWal;
import static io.keepup.volume.Fixtures.base;
import static io.keepup.volume.Fixtures.contents;
import static io.keepup.volume.Fixtures.data;
import static io.keepup.volume.Fixtures.endBase;
import static io.keepup.volume.Fixtures.kindOf;
import static io.keepup.volume.Fixtures.write;
import static org.assertj.core.api.Assertions.assertThat;

import io.keepup.volume.VolumeException.Kind;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.LongFunction;
import org.junit.jupiter.api.Test;

/** What goes wrong on the lanes fails the session before anything is committed. */
class RebuildLanesTest extends RebuildScene {
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
    void S_S2_a_damaged_wal_entry_fails_the_session_in_every_field() {
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
    void S_R11_zero_runs_cover_old_data_on_the_replica() {
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
}
