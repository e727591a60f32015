package io.keepup.volume;

import static io.keepup.volume.Fixtures.BLOCK;
import static io.keepup.volume.Fixtures.BLOCKS;
import static io.keepup.volume.Fixtures.SPEC;
import static io.keepup.volume.Fixtures.contents;
import static io.keepup.volume.Fixtures.data;
import static io.keepup.volume.Fixtures.kindOf;
import static io.keepup.volume.Fixtures.read;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keepup.volume.VolumeException.Kind;
import io.keepup.volume.disk.SimulatedDisk;
import io.keepup.volume.disk.SimulatedDisk.Unsynced;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a volume does when its disk gives back something else than was written. */
class ChecksumTest {
    private static final Path DIR = Path.of("/simulated/v");
    private static final Path EXTENT = DIR.resolve("extent");
    private static final Path CHECKSUMS = DIR.resolve("checksums");
    private static final Path SEGMENT = DIR.resolve("wal").resolve("00000000000000000001.wal");
    private static final int ENTRY_HEADER = 49;
    private static final int SEGMENT_HEADER = 32;

    private final SimulatedDisk disk = new SimulatedDisk();

    /** Blocks 0 to 9 written and flushed, block 20 written and trimmed, the rest holes. */
    @BeforeEach
    void createVolume() {
        try (Volume volume = Volume.create(DIR, SPEC, disk, VolumeTuning.DEFAULT)) {
            volume.assume(1, VolumeRole.PRIMARY);
            volume.write(0, data(1, 10));
            volume.write(20, data(2, 1));
            volume.trim(20, 1);
            volume.flush();
        }
    }

    private Volume open() {
        return Volume.open(DIR, disk, VolumeTuning.DEFAULT);
    }

    private static void assertFaulty(Volume volume, VolumeFault fault) {
        VolumeStatus status = volume.status();
        assertThat(status.fault()).isEqualTo(fault);
        assertThat(status.recoverable()).isFalse();
        assertThat(status.appliedLsn()).isZero();
        assertThat(status.durableLsn()).isZero();
        ByteBuffer block = ByteBuffer.allocate(BLOCK);
        assertThat(kindOf(() -> volume.read(0, block))).isEqualTo(Kind.NOT_RECOVERABLE);
        assertThat(kindOf(() -> volume.readExtent(0, block))).isEqualTo(Kind.NOT_RECOVERABLE);
        assertThat(kindOf(() -> volume.write(0, data(1, 1)))).isEqualTo(Kind.NOT_RECOVERABLE);
        assertThat(kindOf(volume::digest)).isEqualTo(Kind.NOT_RECOVERABLE);
        assertThat(kindOf(volume::flush)).isEqualTo(Kind.NOT_RECOVERABLE);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 3, 9, 20, 63})
    void a_flipped_bit_in_any_block_written_trimmed_or_never_touched_is_found_by_its_read_and_stays_known(int lba) {
        disk.rot(EXTENT, (long) lba * BLOCK + lba * 7);
        try (Volume volume = open()) {
            // given all is well as long as nobody looks there
            assertThat(volume.status().recoverable()).isTrue();
            read(volume, lba == 3 ? 4 : 3, 1);

            assertThatThrownBy(() -> read(volume, lba, 1))
                    .hasMessageContaining("Block " + lba + " ")
                    .hasMessageContaining("vol-a")
                    .hasMessageNotContaining("\n");

            assertFaulty(volume, VolumeFault.LOCAL_EXTENT_CORRUPT);
        }
        try (Volume volume = Volume.open(DIR, disk.afterPowerCut(Unsynced.LOST, 1), VolumeTuning.DEFAULT)) {
            assertFaulty(volume, VolumeFault.LOCAL_EXTENT_CORRUPT);
        }
    }

    @Test
    void a_flipped_bit_in_a_checksum_is_as_bad() {
        disk.rot(CHECKSUMS, 4 * 5 + 1);
        try (Volume volume = open()) {
            assertThat(kindOf(() -> contents(volume))).isEqualTo(Kind.NOT_RECOVERABLE);
            assertFaulty(volume, VolumeFault.LOCAL_EXTENT_CORRUPT);
        }
    }

    @Test
    void a_base_or_a_digest_never_holds_a_damaged_block() {
        disk.rot(EXTENT, 7 * BLOCK);
        try (Volume volume = open()) {
            assertThat(kindOf(volume::digest)).isEqualTo(Kind.NOT_RECOVERABLE);
            assertFaulty(volume, VolumeFault.LOCAL_EXTENT_CORRUPT);
        }
        SimulatedDisk again = disk.afterPowerCut(Unsynced.KEPT, 1);
        try (Volume volume = Volume.open(DIR, again, VolumeTuning.DEFAULT)) {
            assertThat(kindOf(() -> volume.readExtent(0, ByteBuffer.allocate(8 * BLOCK))))
                    .isEqualTo(Kind.NOT_RECOVERABLE);
        }
    }

    @Test
    void the_base_lane_fails_on_a_damaged_block_before_anything_else_has_read_it() {
        disk.rot(EXTENT, 7 * BLOCK);
        try (Volume volume = open()) {
            volume.flush();
            ByteBuffer window = ByteBuffer.allocate(8 * BLOCK);
            assertThat(kindOf(() -> volume.readExtent(0, window))).isEqualTo(Kind.NOT_RECOVERABLE);
            assertFaulty(volume, VolumeFault.LOCAL_EXTENT_CORRUPT);
        }
    }

    @Test
    void a_damaged_block_that_the_wal_holds_is_no_fault_and_the_next_flush_mends_it() {
        disk.rot(EXTENT, 4 * BLOCK);
        try (Volume volume = open()) {
            volume.write(4, data(9, 1));
            assertThat(read(volume, 4, 1)).isEqualTo(data(9, 1).array());
            assertThat(scrubbed(volume).clean()).isTrue();

            // Straight from the extent: it is flushed to be sure, and then right.
            ByteBuffer block = ByteBuffer.allocate(BLOCK);
            volume.readExtent(4, block);

            assertThat(block.array()).isEqualTo(data(9, 1).array());
            assertThat(volume.status().recoverable()).isTrue();
        }
    }

    @Test
    void damage_in_the_wal_is_found_by_reads_and_never_flushed_as_if_it_were_sound() {
        try (Volume volume = open()) {
            volume.write(30, data(5, 2));
            volume.sync();
            long entry = SEGMENT_HEADER + 3 * ENTRY_HEADER + 11 * BLOCK;
            disk.rot(SEGMENT, entry + ENTRY_HEADER + BLOCK + 17);
            assertThat(read(volume, 30, 1)).as("the block before it").isEqualTo(first(data(5, 2)));

            assertThat(kindOf(volume::flush)).isEqualTo(Kind.NOT_RECOVERABLE);

            assertFaulty(volume, VolumeFault.LOCAL_WAL_CORRUPT);
            assertThat(volume.status().checkpointLsn()).isEqualTo(3);
        }
    }

    private static byte[] first(ByteBuffer blocks) {
        byte[] block = new byte[BLOCK];
        blocks.get(block);
        return block;
    }

    private static ScrubReport scrubbed(Volume volume) {
        Scrub scrub = volume.scrub();
        while (scrub.step()) {
            assertThat(scrub.report().blocksDone()).isPositive();
        }
        return scrub.report();
    }

    @Test
    void a_scrub_counts_every_damaged_block_and_finds_them_again_after_a_restart() {
        for (int lba = 10; lba < 60; lba += 2) {
            disk.rot(EXTENT, (long) lba * BLOCK + 1);
        }
        for (int run = 0; run < 2; run++) {
            try (Volume volume = open()) {
                ScrubReport report = scrubbed(volume);

                assertThat(report.corruptBlocks()).isEqualTo(25);
                assertThat(report.firstCorrupt())
                        .hasSize(ScrubReport.LISTED)
                        .startsWith(10L, 12L, 14L)
                        .endsWith(40L);
                assertThat(report.blocksDone()).isEqualTo(BLOCKS);
                assertThat(report.walCorrupt()).isFalse();
                assertThat(report.clean()).isFalse();
                assertFaulty(volume, VolumeFault.LOCAL_EXTENT_CORRUPT);
            }
        }
    }

    @Test
    void a_scrub_reads_the_wal_too() {
        try (Volume volume = open()) {
            assertThat(scrubbed(volume).clean()).isTrue();
            disk.rot(SEGMENT, SEGMENT_HEADER + ENTRY_HEADER + 100);

            ScrubReport report = scrubbed(volume);

            assertThat(report.walCorrupt()).isTrue();
            assertThat(report.corruptBlocks()).isZero();
            assertFaulty(volume, VolumeFault.LOCAL_WAL_CORRUPT);
        }
        try (Volume volume = open()) {
            assertThat(scrubbed(volume).walCorrupt()).isTrue();
        }
    }

    @Test
    void a_rebuild_mends_what_a_scrub_found_and_its_base_is_verified_from_then_on() {
        disk.rot(EXTENT, 2 * BLOCK);
        try (Volume volume = open()) {
            scrubbed(volume);
            volume.assume(2, VolumeRole.REPLICA);
            RebuildSession session = volume.rebuild().start(new RebuildBounds(1, 2, 1, 1, 1, true));
            assertThat(kindOf(volume::scrub)).isEqualTo(Kind.REBUILDING);
            BaseBlocks base = BaseBlocks.of(1, 2, 0, 0, BLOCKS, true, data(4, BLOCKS));
            session.applyBase(base);
            Fixtures.endBase(session, List.of(base), 1);
            assertThat(session.tryComplete()).isPresent();

            assertThat(volume.status().fault()).isNull();
            assertThat(contents(volume)).isEqualTo(data(4, BLOCKS).array());
            assertThat(scrubbed(volume).clean()).isTrue();
            disk.rot(EXTENT, 50 * BLOCK);
            assertThat(scrubbed(volume).firstCorrupt()).containsExactly(50L);
        }
        try (Volume volume = open()) {
            assertFaulty(volume, VolumeFault.LOCAL_EXTENT_CORRUPT);
        }
    }

    @Test
    void damage_in_the_wal_of_a_session_ends_the_session_and_the_marker_stays() {
        try (Volume volume = open()) {
            volume.assume(2, VolumeRole.REPLICA);
            RebuildSession session = volume.rebuild().start(new RebuildBounds(1, 2, 10, 1, 11, true));
            Fixtures.applyWal(session, List.of(Fixtures.write(2, 11, 0, 3, 4)));
            disk.rot(DIR.resolve("wal").resolve("00000000000000000011.wal"), SEGMENT_HEADER + ENTRY_HEADER + BLOCK);

            assertThat(kindOf(volume::flush)).isEqualTo(Kind.NOT_RECOVERABLE);

            assertThat(session.ended()).contains(SessionEnd.LOCAL_WAL_CORRUPT);
            assertThat(volume.status().rebuildSessionId()).hasValue(1);
            assertThat(volume.status().recoverable()).isFalse();
        }
    }
}
