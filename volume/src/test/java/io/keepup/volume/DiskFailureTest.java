package io.keepup.volume;

import static io.keepup.volume.Fixtures.SPEC;
import static io.keepup.volume.Fixtures.contents;
import static io.keepup.volume.Fixtures.data;
import static io.keepup.volume.Fixtures.kindOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keepup.volume.VolumeException.Kind;
import io.keepup.volume.disk.DiskErrors;
import io.keepup.volume.disk.SimulatedDisk;
import io.keepup.volume.disk.SimulatedDisk.Unsynced;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class DiskFailureTest {
    private static final VolumeTuning SMALL = new VolumeTuning(1 << 20, 4096);

    @TempDir
    Path dir;

    private SimulatedDisk disk;
    private Model model;

    @BeforeEach
    void createVolume() {
        disk = new SimulatedDisk();
        model = new Model(SPEC);
        Volume.create(dir, SPEC, disk, SMALL).close();
    }

    private void write(Volume volume, int lba, long seed) {
        volume.write(lba, data(seed, 1));
        model.write(lba, data(seed, 1));
    }

    @Test
    void a_full_disk_refuses_the_write_and_the_volume_goes_on_when_there_is_space() {
        try (Volume volume = Volume.open(dir, disk, SMALL)) {
            volume.assume(1, VolumeRole.PRIMARY);
            write(volume, 0, 1);
            disk.failOnce(1, Kind.DISK_FULL);
            assertThat(kindOf(() -> volume.write(1, data(2, 1)))).isEqualTo(Kind.DISK_FULL);
            assertThat(volume.status().appliedLsn()).isEqualTo(1);
            assertThat(contents(volume)).isEqualTo(model.at(1));

            write(volume, 1, 3);

            assertThat(volume.sync()).isEqualTo(2);
            assertThat(contents(volume)).isEqualTo(model.at(2));
        }
    }

    @Test
    void S_F12_a_change_without_a_file_handle_does_not_stop_the_volume() {
        try (Volume volume = Volume.open(dir, disk, SMALL)) {
            volume.assume(1, VolumeRole.PRIMARY);
            write(volume, 0, 1);
            disk.failOnce(1, Kind.NO_FILE_HANDLES);
            assertThat(kindOf(() -> volume.write(1, data(2, 1)))).isEqualTo(Kind.NO_FILE_HANDLES);

            write(volume, 1, 3);

            assertThat(volume.sync()).isEqualTo(2);
            assertThat(contents(volume)).isEqualTo(model.at(2));
        }
    }

    @Test
    void a_disk_with_room_for_the_entry_but_not_for_space_ahead_takes_the_entry() {
        try (Volume volume = Volume.open(dir, disk, SMALL)) {
            volume.assume(1, VolumeRole.PRIMARY);
            disk.failOnce(2, Kind.DISK_FULL);
            write(volume, 0, 1);
            assertThat(disk.failed()).isTrue();
            write(volume, 1, 2);
            assertThat(volume.sync()).isEqualTo(2);
        }
        try (Volume volume = Volume.open(dir, disk.afterPowerCut(Unsynced.LOST, 1), SMALL)) {
            assertThat(contents(volume)).isEqualTo(model.at(2));
        }
    }

    @Test
    void a_write_cut_short_by_a_full_disk_leaves_nothing_that_could_come_to_life() {
        try (Volume volume = Volume.open(dir, disk, SMALL)) {
            volume.assume(1, VolumeRole.REPLICA);
            List<WalEntry> batch = List.of(
                    Fixtures.write(1, 1, 0, 1, 1),
                    Fixtures.write(1, 2, 1, 2, 1),
                    Fixtures.write(1, 3, 2, 3, 1),
                    Fixtures.write(1, 4, 3, 4, 1));
            // The write fails half way, entries 1 and 2 are in the file; cutting it off works.
            disk.failOnce(1, Kind.DISK_FULL);
            assertThat(kindOf(() -> volume.apply(batch))).isEqualTo(Kind.DISK_FULL);
            assertThat(volume.status().appliedLsn()).isZero();
            assertThat(contents(volume)).containsOnly(0);
            volume.apply(List.of(Fixtures.write(1, 1, 9, 9, 1)));
        }
        try (Volume volume = Volume.open(dir, disk.afterPowerCut(Unsynced.KEPT, 1), SMALL)) {
            assertThat(volume.status().appliedLsn()).isEqualTo(1);
            assertThat(Fixtures.read(volume, 1, 1)).containsOnly(0);
        }
    }

    @Test
    void of_a_batch_of_many_pieces_nothing_stays_whichever_of_them_the_disk_has_no_room_for() {
        for (int i = 1; i <= 300; i++) {
            model.write(0, data(i, Fixtures.BLOCKS));
        }
        List<WalEntry> batch = model.entries(1, 300);
        VolumeTuning large = new VolumeTuning(64 << 20, 64 << 20);
        try (Volume volume = Volume.open(dir, disk, large)) {
            volume.assume(1, VolumeRole.REPLICA);
            for (int piece = 1; piece <= 3; piece++) {
                disk.failOnce(piece, Kind.DISK_FULL);
                assertThat(kindOf(() -> volume.apply(batch))).isEqualTo(Kind.DISK_FULL);
                assertThat(volume.status().appliedLsn()).isZero();
                assertThat(contents(volume)).containsOnly(0);
            }
        }
        try (Volume volume = Volume.open(dir, disk.afterPowerCut(Unsynced.KEPT, 1), large)) {
            assertThat(volume.status().appliedLsn()).isZero();
            assertThat(volume.apply(batch)).isEqualTo(300);
            assertThat(contents(volume)).isEqualTo(model.at(300));
        }
    }

    /** The batch is written in three pieces. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void a_batch_broken_off_for_want_of_memory_leaves_nothing_behind_which_the_next_would_come(int piece) {
        for (int i = 1; i <= 300; i++) {
            model.write(0, data(i, Fixtures.BLOCKS));
        }
        List<WalEntry> batch = model.entries(1, 300);
        VolumeTuning large = new VolumeTuning(64 << 20, 64 << 20);
        try (Volume volume = Volume.open(dir, disk, large)) {
            volume.assume(1, VolumeRole.REPLICA);
            AtomicInteger written = new AtomicInteger();
            disk.beforeWrite(path -> {
                if (written.incrementAndGet() == piece) {
                    throw new OutOfMemoryError("as chosen");
                }
            });
            assertThatThrownBy(() -> volume.apply(batch)).isInstanceOf(OutOfMemoryError.class);
            assertThat(volume.status().appliedLsn()).isZero();
            assertThat(contents(volume)).containsOnly(0);

            assertThat(volume.apply(model.entries(1, 2))).isEqualTo(2);
        }
        try (Volume volume = Volume.open(dir, disk.afterPowerCut(Unsynced.KEPT, 1), large)) {
            assertThat(volume.status().fault()).isNull();
            assertThat(volume.status().appliedLsn()).isEqualTo(2);
            assertThat(contents(volume)).isEqualTo(model.at(2));
        }
    }

    @Test
    void when_even_the_cut_fails_the_volume_takes_no_more_changes() {
        try (Volume volume = Volume.open(dir, disk, SMALL)) {
            volume.assume(1, VolumeRole.PRIMARY);
            disk.failFrom(1, Kind.DISK_FULL);

            assertThat(kindOf(() -> volume.write(1, data(2, 1)))).isEqualTo(Kind.DISK_FULL);
            assertThat(kindOf(() -> volume.write(1, data(2, 1)))).isEqualTo(Kind.IO_ERROR);
        }
    }

    @Test
    void a_flush_that_fails_on_a_full_disk_loses_nothing_and_is_done_over() {
        try (Volume volume = Volume.open(dir, disk, SMALL)) {
            volume.assume(1, VolumeRole.PRIMARY);
            write(volume, 0, 1);
            write(volume, 5, 2);
            volume.sync();
            disk.failOnce(1, Kind.DISK_FULL);
            assertThat(kindOf(volume::flush)).isEqualTo(Kind.DISK_FULL);
            assertThat(contents(volume)).isEqualTo(model.at(2));
            write(volume, 5, 3);
            assertThat(contents(volume)).isEqualTo(model.at(3));

            assertThat(volume.flush()).isEqualTo(3);

            assertThat(contents(volume)).isEqualTo(model.at(3));
        }
    }

    @Test
    void after_a_failed_fsync_nothing_is_acknowledged_until_the_volume_is_opened_again() {
        try (Volume volume = Volume.open(dir, disk, SMALL)) {
            volume.assume(1, VolumeRole.PRIMARY);
            write(volume, 0, 1);
            volume.sync();
            write(volume, 1, 2);
            disk.failOnce(1, Kind.IO_ERROR);
            assertThat(kindOf(volume::sync)).isEqualTo(Kind.IO_ERROR);

            assertThat(kindOf(volume::sync)).isEqualTo(Kind.IO_ERROR);
            assertThat(kindOf(() -> volume.awaitDurable(2))).isEqualTo(Kind.IO_ERROR);
            assertThat(kindOf(() -> volume.write(2, data(3, 1)))).isEqualTo(Kind.IO_ERROR);
            assertThat(kindOf(volume::flush)).isEqualTo(Kind.IO_ERROR);
            assertThat(volume.status().durableLsn()).isEqualTo(1);
            assertThat(contents(volume)).isEqualTo(model.at(2));
        }
        try (Volume volume = Volume.open(dir, disk.afterPowerCut(Unsynced.LOST, 1), SMALL)) {
            assertThat(volume.status().appliedLsn()).isEqualTo(1);
            assertThat(contents(volume)).isEqualTo(model.at(1));
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Kind.class,
            names = {"IO_ERROR", "READ_ONLY", "NOT_WRITABLE"})
    void S_F6_a_disk_that_stopped_is_noticed_by_a_probe_though_nobody_writes_and_says_why(Kind kind) {
        try (Volume volume = Volume.open(dir, disk, SMALL)) {
            volume.assume(1, VolumeRole.PRIMARY);
            write(volume, 0, 1);
            volume.sync();
            assertThat(volume.probe()).isTrue();
            assertThat(volume.stopped()).isEmpty();

            disk.failFrom(1, kind);
            assertThat(volume.probe()).isFalse();

            assertThat(volume.stopped())
                    .hasValueSatisfying(why -> assertThat(why.kind()).isEqualTo(kind));
            disk.heal();
            assertThat(volume.probe()).as("until it is opened again").isFalse();
            assertThatThrownBy(() -> volume.write(1, data(2, 1)))
                    .hasMessageContaining("its disk failed: ")
                    .asInstanceOf(InstanceOfAssertFactories.type(VolumeException.class))
                    .extracting(VolumeException::kind)
                    .isEqualTo(kind);
            assertThat(contents(volume)).isEqualTo(model.at(1));
        }
        try (Volume volume = Volume.open(dir, disk, SMALL)) {
            assertThat(volume.stopped()).isEmpty();
            write(volume, 1, 2);
            assertThat(contents(volume)).isEqualTo(model.at(2));
        }
    }

    @Test
    void a_full_disk_is_remembered_until_a_probe_finds_room() {
        try (Volume volume = Volume.open(dir, disk, SMALL)) {
            volume.assume(1, VolumeRole.PRIMARY);
            assertThat(volume.probe()).isTrue();
            disk.failOnce(1, Kind.DISK_FULL);
            assertThat(kindOf(() -> volume.write(0, data(1, 1)))).isEqualTo(Kind.DISK_FULL);
            assertThat(volume.full()).isPresent();
            disk.failOnce(2, Kind.DISK_FULL); // the write of the probe
            assertThat(volume.probe()).isFalse();
            assertThat(volume.full()).isPresent();

            write(volume, 0, 2);
            assertThat(volume.full()).as("one write says little of room").isPresent();
            assertThat(volume.probe()).isTrue();
            assertThat(volume.full()).isEmpty();
            assertThat(volume.stopped()).isEmpty();
        }
    }

    @Test
    void S_F10_a_volume_that_was_never_written_gives_its_directory_up_for_one_of_another_size() {
        VolumeSpec larger = new VolumeSpec(SPEC.volumeId(), 2 * SPEC.sizeBytes(), SPEC.blockSize());
        Volume empty = Volume.open(dir, disk, SMALL);
        empty.assume(1, VolumeRole.REPLICA);
        empty.probe();
        empty.discard();
        assertThat(kindOf(() -> Volume.open(dir, disk.afterPowerCut(Unsynced.LOST, 1), SMALL)))
                .isEqualTo(Kind.NOT_A_VOLUME);

        try (Volume volume = Volume.create(dir, larger, disk, SMALL)) {
            assertThat(volume.status().spec()).isEqualTo(larger);
            assertThat(volume.status().epoch()).isZero();
            volume.assume(1, VolumeRole.PRIMARY);
            volume.write(0, data(1, 1));
            assertThat(kindOf(volume::discard)).isEqualTo(Kind.BAD_REQUEST);
            volume.sync();
        }
        try (Volume volume = Volume.open(dir, disk.afterPowerCut(Unsynced.LOST, 1), SMALL)) {
            assertThat(volume.status().appliedLsn()).isEqualTo(1);
        }
    }

    @Test
    void a_session_survives_a_full_disk_and_the_chunk_can_be_sent_again() {
        try (Volume volume = Volume.open(dir, disk, SMALL)) {
            volume.assume(1, VolumeRole.REPLICA);
            RebuildSession session = volume.rebuild().start(new RebuildBounds(1, 1, 1, 1, 1, false));
            BaseBlocks chunk = BaseBlocks.of(1, 1, 0, 0, Fixtures.BLOCKS, true, data(4, Fixtures.BLOCKS));
            disk.failOnce(1, Kind.DISK_FULL);
            assertThat(kindOf(() -> session.applyBase(chunk))).isEqualTo(Kind.DISK_FULL);
            assertThat(session.progress().baseBlocksDone()).isZero();

            session.applyBase(chunk);
            Fixtures.endBase(session, List.of(chunk), 1);

            assertThat(session.tryComplete()).isPresent();
            assertThat(contents(volume)).isEqualTo(data(4, Fixtures.BLOCKS).array());
        }
    }

    @Test
    void errors_of_the_file_system_become_kinds() {
        assertThat(DiskErrors.of("write", dir, new IOException("No space left on device"))
                        .kind())
                .isEqualTo(Kind.DISK_FULL);
        assertThat(DiskErrors.of("open", dir, new AccessDeniedException("x")).kind())
                .isEqualTo(Kind.NOT_WRITABLE);
        assertThat(DiskErrors.of("write", dir, new IOException("Read-only file system")))
                .hasMessageContaining("Read-only file system")
                .hasMessageNotContaining("permission")
                .extracting(VolumeException::kind)
                .isEqualTo(Kind.READ_ONLY);
        assertThat(DiskErrors.of("resize", dir, new IOException("File too large"))
                        .kind())
                .isEqualTo(Kind.BAD_SPEC);
        assertThat(DiskErrors.of("fsync", dir, new IOException("Input/output\nerror")))
                .hasMessageContaining(dir.toString())
                .hasMessageNotContaining("\n")
                .extracting(VolumeException::kind)
                .isEqualTo(Kind.IO_ERROR);
    }
}
