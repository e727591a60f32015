package io.keepup.volume;

import static io.keepup.volume.Fixtures.BLOCK;
import static io.keepup.volume.Fixtures.SPEC;
import static io.keepup.volume.Fixtures.contents;
import static io.keepup.volume.Fixtures.data;
import static io.keepup.volume.Fixtures.kindOf;
import static io.keepup.volume.Fixtures.primary;
import static io.keepup.volume.Fixtures.replica;
import static io.keepup.volume.Fixtures.wal;
import static io.keepup.volume.Fixtures.write;
import static org.assertj.core.api.Assertions.assertThat;

import io.keepup.volume.VolumeException.Kind;
import io.keepup.volume.disk.FileSystemDisk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WalShippingTest {
    private static final VolumeTuning SMALL_SEGMENTS = new VolumeTuning(1 << 20, 4096);

    @TempDir
    Path tmp;

    @Test
    void only_durable_entries_are_shipped_whole_and_in_order() {
        try (Volume volume = primary(tmp)) {
            volume.write(0, data(1, 1));
            assertThat(volume.readWal(1, 1 << 20)).isEmpty();
            volume.trim(4, 3);
            volume.sync();
            volume.write(9, data(2, 2));

            List<WalEntry> entries = volume.readWal(1, 1 << 20);

            assertThat(entries).containsExactly(write(1, 1, 0, 1, 1), WalEntry.trim(1, 2, 4, 3));
            assertThat(entries).allMatch(WalEntry::verify);
            assertThat(volume.readWal(3, 1 << 20)).isEmpty();
        }
    }

    @Test
    void a_replica_flushes_by_itself_at_four_times_the_limit_of_a_writer() {
        Path dir = tmp.resolve("v");
        replica(dir).close();
        VolumeTuning limitOfTwo = new VolumeTuning(2 * BLOCK, 1 << 20, VolumeTuning.Background.INLINE);
        try (Volume volume = Volume.open(dir, new FileSystemDisk(), limitOfTwo)) {
            for (int lsn = 1; lsn <= 8; lsn++) {
                volume.apply(List.of(write(1, lsn, lsn, lsn, 1)));
            }
            assertThat(volume.status().checkpointLsn()).isZero();

            volume.apply(List.of(write(1, 9, 9, 9, 1)));

            assertThat(volume.status().checkpointLsn()).isEqualTo(8);
        }
    }

    @Test
    void the_bytes_from_an_entry_on_are_counted_over_segments_and_from_the_tail() {
        Path dir = tmp.resolve("v");
        primary(dir).close();
        try (Volume volume = Volume.open(dir, new FileSystemDisk(), SMALL_SEGMENTS)) {
            for (int i = 0; i < 6; i++) {
                volume.write(i, data(i, 1));
            }
            long entry = volume.walBytes(6);
            assertThat(entry).isGreaterThan(BLOCK);
            assertThat(volume.walBytes(1)).isEqualTo(6 * entry);
            assertThat(volume.walBytes(4)).isEqualTo(3 * entry);
            assertThat(volume.walBytes(7)).isZero();

            volume.flush();
            volume.recycleWal(4);
            assertThat(volume.walBytes(1)).isEqualTo(2 * entry);
        }
    }

    @Test
    void batches_keep_to_the_limit_but_give_at_least_one() {
        try (Volume volume = primary(tmp)) {
            for (int i = 0; i < 10; i++) {
                volume.write(i, data(i, 1));
            }
            volume.sync();

            assertThat(volume.readWal(1, 1)).hasSize(1);
            assertThat(volume.readWal(4, 3 * (BLOCK + 49)))
                    .hasSize(3)
                    .first()
                    .extracting(WalEntry::lsn)
                    .isEqualTo(4L);
            assertThat(volume.readWal(9, 1 << 20)).hasSize(2);
        }
    }

    @Test
    void entries_keep_the_epoch_they_were_written_under() {
        try (Volume volume = primary(tmp)) {
            volume.write(0, data(1, 1));
            volume.assume(5, VolumeRole.PRIMARY);
            volume.write(1, data(2, 1));
            volume.sync();

            assertThat(wal(volume, 1)).extracting(WalEntry::epoch).containsExactly(1L, 5L);
            assertThat(volume.epochAt(1)).isEqualTo(1);
            assertThat(volume.epochAt(2)).isEqualTo(5);
            assertThat(volume.epochAt(3)).isZero();
            assertThat(volume.epochAt(0)).isZero();
        }
    }

    @Test
    void recycling_stops_at_the_checkpoint_and_is_exact() throws IOException {
        Path dir = tmp.resolve("v");
        primary(dir).close();
        try (Volume volume = Volume.open(dir, new FileSystemDisk(), SMALL_SEGMENTS)) {
            for (int i = 0; i < 40; i++) {
                volume.write(i, data(i, 1));
            }
            volume.recycleWal(40);
            assertThat(volume.status().walTail()).as("no checkpoint yet").isEqualTo(1);
            volume.flush();
            volume.write(40, data(40, 1));
            volume.sync();
            long before = segments(dir);

            volume.recycleWal(20);

            assertThat(volume.status().walTail()).isEqualTo(21);
            assertThat(segments(dir)).isLessThan(before);
            assertThat(kindOf(() -> volume.readWal(20, 1))).isEqualTo(Kind.WAL_RECYCLED);
            assertThat(wal(volume, 21)).extracting(WalEntry::lsn).hasSize(21).startsWith(21L);
            volume.recycleWal(10);
            assertThat(volume.status().walTail()).isEqualTo(21);
            volume.recycleWal(Long.MAX_VALUE);
            assertThat(volume.status().walTail()).isEqualTo(41);
        }
        try (Volume volume = Volume.open(dir)) {
            assertThat(volume.status().walTail()).isEqualTo(41);
            volume.flush();
            volume.recycleWal(41);
            assertThat(volume.status().walTail()).as("head + 1").isEqualTo(42);
            assertThat(volume.readWal(42, 1)).isEmpty();
            assertThat(volume.write(0, data(5, 1))).isEqualTo(42);
        }
    }

    @Test
    void A8_the_epoch_of_an_entry_is_known_after_it_was_recycled() {
        Path dir = tmp.resolve("v");
        try (Volume volume = primary(dir)) {
            volume.write(0, data(1, 1));
            volume.assume(5, VolumeRole.PRIMARY);
            volume.write(1, data(2, 1));
            volume.write(2, data(3, 1));
            volume.flush();
            volume.recycleWal(3);
            volume.assume(7, VolumeRole.PRIMARY);
            volume.write(3, data(4, 1));

            assertThat(LongStream.rangeClosed(0, 5).map(volume::epochAt)).containsExactly(0L, 1L, 5L, 5L, 7L, 0L);
        }
        try (Volume volume = Volume.open(dir)) {
            assertThat(LongStream.rangeClosed(0, 5).map(volume::epochAt))
                    .as("opened again, from the one before the tail on")
                    .containsExactly(0L, 0L, 0L, 5L, 7L, 0L);
        }
    }

    private static long segments(Path dir) throws IOException {
        try (var files = Files.list(dir.resolve("wal"))) {
            return files.filter(file -> file.toString().endsWith(".wal")).count();
        }
    }

    @Test
    void a_replica_applies_in_order_and_leaves_duplicates_out() {
        try (Volume primary = primary(tmp.resolve("p"));
                Volume replica = replica(tmp.resolve("r"))) {
            for (int i = 0; i < 10; i++) {
                primary.write(i, data(i, 2));
            }
            primary.trim(3, 4);
            primary.sync();
            List<WalEntry> entries = wal(primary, 1);

            assertThat(replica.apply(entries.subList(0, 6))).isEqualTo(6);
            assertThat(replica.apply(entries.subList(2, 6))).isZero();
            assertThat(replica.apply(entries)).isEqualTo(5);

            assertThat(replica.status().durableLsn()).isEqualTo(11);
            assertThat(contents(replica)).isEqualTo(contents(primary));
            assertThat(replica.digest()).isEqualTo(primary.digest());
        }
    }

    @Test
    void a_gap_a_damaged_entry_or_another_history_is_refused_before_any_effect() {
        try (Volume replica = replica(tmp)) {
            replica.assume(3, VolumeRole.REPLICA);
            replica.apply(List.of(write(2, 1, 0, 1, 1)));
            VolumeStatus before = replica.status();

            assertThat(kindOf(() -> replica.apply(List.of(write(2, 2, 0, 1, 1), write(2, 4, 0, 1, 1)))))
                    .isEqualTo(Kind.GAP);
            assertThat(kindOf(() -> replica.apply(List.of(write(2, 3, 0, 1, 1)))))
                    .isEqualTo(Kind.GAP);
            WalEntry damaged = new WalEntry(2, 2, WalEntryKind.WRITE, 0, 1, 7, data(1, 1));
            assertThat(kindOf(() -> replica.apply(List.of(damaged)))).isEqualTo(Kind.ENTRY_CORRUPT);
            assertThat(kindOf(() -> replica.apply(List.of(write(1, 2, 0, 1, 1)))))
                    .isEqualTo(Kind.STALE_EPOCH);
            assertThat(kindOf(() -> replica.apply(List.of(write(4, 2, 0, 1, 1)))))
                    .isEqualTo(Kind.STALE_EPOCH);

            assertThat(replica.status()).isEqualTo(before);
            assertThat(replica.apply(List.of(write(3, 2, 0, 1, 1)))).isEqualTo(1);
        }
    }

    @Test
    void a_batch_over_many_segments_is_applied_and_survives_a_reopen() {
        Path dir = tmp.resolve("r");
        replica(dir).close();
        Model model = new Model(SPEC);
        for (int i = 0; i < 200; i++) {
            model.write(i % 60, data(i, 1 + i % 4));
        }
        try (Volume replica = Volume.open(dir, new FileSystemDisk(), SMALL_SEGMENTS)) {
            assertThat(replica.apply(model.entries(1, 200))).isEqualTo(200);
            assertThat(contents(replica)).isEqualTo(model.at(200));
            assertThat(wal(replica, 1)).isEqualTo(model.entries(1, 200));
        }
        try (Volume replica = Volume.open(dir)) {
            assertThat(contents(replica)).isEqualTo(model.at(200));
        }
    }

    @Test
    void batches_of_many_pieces_after_short_ones_are_in_the_file_as_they_came() {
        Path dir = tmp.resolve("r");
        replica(dir).close();
        Model model = new Model(SPEC);
        for (int i = 0; i < 600; i++) {
            model.write(i % 4, data(i, 1 + i % 60));
        }
        try (Volume replica = Volume.open(dir)) {
            replica.apply(model.entries(1, 3));
            replica.apply(model.entries(4, 500));
            replica.apply(model.entries(501, 600));
            assertThat(wal(replica, 1)).isEqualTo(model.entries(1, 600));
        }
        try (Volume replica = Volume.open(dir)) {
            assertThat(wal(replica, 1)).isEqualTo(model.entries(1, 600));
            assertThat(contents(replica)).isEqualTo(model.at(600));
        }
    }

    @Test
    void a_promoted_replica_goes_on_where_it_was() {
        try (Volume volume = replica(tmp)) {
            volume.apply(List.of(write(1, 1, 0, 1, 1)));
            volume.assume(2, VolumeRole.PRIMARY);

            assertThat(volume.write(1, data(2, 1))).isEqualTo(2);
            volume.sync();
            assertThat(wal(volume, 1)).extracting(WalEntry::epoch).containsExactly(1L, 2L);
        }
    }
}
