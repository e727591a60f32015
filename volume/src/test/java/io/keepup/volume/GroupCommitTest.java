package io.keepup.volume;

import static io.keepup.volume.Fixtures.BLOCKS;
import static io.keepup.volume.Fixtures.SPEC;
import static io.keepup.volume.Fixtures.contents;
import static io.keepup.volume.Fixtures.data;
import static org.assertj.core.api.Assertions.assertThat;

import io.keepup.volume.disk.SimulatedDisk;
import io.keepup.volume.disk.SimulatedDisk.Unsynced;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(30)
class GroupCommitTest {
    @TempDir
    Path dir;

    @Test
    void writers_that_wait_together_share_one_fsync() throws Exception {
        SimulatedDisk disk = new SimulatedDisk();
        CountDownLatch held = new CountDownLatch(1);
        CountDownLatch released = new CountDownLatch(1);
        AtomicInteger syncs = new AtomicInteger();
        try (Volume volume = Volume.create(dir, SPEC, disk, VolumeTuning.DEFAULT);
                ExecutorService threads = Executors.newFixedThreadPool(9)) {
            volume.assume(1, VolumeRole.PRIMARY);
            disk.beforeForce(() -> {
                syncs.incrementAndGet();
                held.countDown();
                await(released);
            });
            // given one writer inside its fsync, and eight more that have written
            Future<?> first = threads.submit(() -> volume.awaitDurable(volume.write(0, data(0, 1))));
            await(held);
            CountDownLatch written = new CountDownLatch(8);
            List<Future<?>> others = new ArrayList<>();
            for (int i = 1; i <= 8; i++) {
                int lba = i;
                others.add(threads.submit(() -> {
                    long lsn = volume.write(lba, data(lba, 1));
                    written.countDown();
                    volume.awaitDurable(lsn);
                }));
            }
            await(written);
            assertThat(volume.status().durableLsn()).isZero();

            released.countDown();
            first.get();
            for (Future<?> other : others) {
                other.get();
            }

            assertThat(syncs).as("one for the first, one for the eight").hasValue(2);
            assertThat(volume.status().durableLsn()).isEqualTo(9);
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            assertThat(latch.await(10, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void a_replica_makes_a_batch_durable_with_one_fsync_and_duplicates_with_none() {
        SimulatedDisk disk = new SimulatedDisk();
        List<WalEntry> entries = IntStream.rangeClosed(1, 200)
                .mapToObj(lsn -> Fixtures.write(1, lsn, lsn % BLOCKS, lsn, 1))
                .toList();
        try (Volume volume = Volume.create(dir, SPEC, disk, VolumeTuning.DEFAULT)) {
            volume.assume(1, VolumeRole.REPLICA);
            int before = disk.forces();

            volume.apply(entries.subList(0, 120));
            assertThat(disk.forces() - before).as("live").isEqualTo(1);
            volume.apply(entries.subList(50, 200));
            assertThat(disk.forces() - before).as("overlapping").isEqualTo(2);
            volume.apply(entries);
            assertThat(disk.forces() - before).as("nothing new").isEqualTo(2);
            assertThat(volume.status().durableLsn()).isEqualTo(200);

            RebuildSession session = volume.rebuild().start(new RebuildBounds(1, 1, 0, 0, 200, true));
            before = disk.forces();
            Fixtures.applyWal(session, entries);
            assertThat(disk.forces() - before).as("in a rebuild").isEqualTo(1);
            assertThat(session.progress().durableLsn()).isEqualTo(200);
        }
    }

    @Test
    void what_was_awaited_survives_and_every_block_is_somebodys_last_write() throws Exception {
        int writers = 8;
        int rounds = 60;
        SimulatedDisk disk = new SimulatedDisk();
        long[] acknowledged = new long[writers];
        byte[] data;
        SimulatedDisk afterPowerCut;
        try (Volume volume = Volume.create(dir, SPEC, disk, new VolumeTuning(8 * 512, 8192));
                ExecutorService threads = Executors.newFixedThreadPool(writers)) {
            volume.assume(1, VolumeRole.PRIMARY);
            List<Callable<Void>> all = new ArrayList<>();
            for (int w = 0; w < writers; w++) {
                int writer = w;
                all.add(() -> {
                    for (int round = 0; round < rounds; round++) {
                        int lba = writer * (BLOCKS / writers) + round % (BLOCKS / writers);
                        long lsn = volume.write(lba, data(writer * 1000L + round, 1));
                        volume.awaitDurable(lsn);
                        assertThat(lsn).isGreaterThan(acknowledged[writer]);
                        acknowledged[writer] = lsn;
                        assertThat(Fixtures.read(volume, lba, 1))
                                .isEqualTo(data(writer * 1000L + round, 1).array());
                    }
                    return null;
                });
            }
            for (Future<Void> done : threads.invokeAll(all)) {
                done.get();
            }
            assertThat(volume.status().durableLsn()).isEqualTo((long) writers * rounds);
            data = contents(volume);
            afterPowerCut = disk.afterPowerCut(Unsynced.LOST, 1);
        }
        try (Volume volume = Volume.open(dir, afterPowerCut, VolumeTuning.DEFAULT)) {
            assertThat(volume.status().appliedLsn()).isEqualTo((long) writers * rounds);
            assertThat(contents(volume)).isEqualTo(data);
        }
    }
}
