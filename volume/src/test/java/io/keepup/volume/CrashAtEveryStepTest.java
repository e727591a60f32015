package io.keepup.volume;

import static io.keepup.volume.Fixtures.BLOCKS;
import static io.keepup.volume.Fixtures.SPEC;
import static io.keepup.volume.Fixtures.contents;
import static io.keepup.volume.Fixtures.data;
import static org.assertj.core.api.Assertions.assertThat;

import io.keepup.volume.VolumeException.Kind;
import io.keepup.volume.disk.SimulatedDisk;
import io.keepup.volume.disk.SimulatedDisk.Unsynced;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Runs a story once for every change it makes to the disk, and cuts the power there. */
class CrashAtEveryStepTest {
    private static final VolumeTuning SMALL_SEGMENTS = RebuildStory.SMALL_SEGMENTS;
    private static final int ENOUGH = 10_000;

    @TempDir
    Path dir;

    /** What the story could rely on when the power went. */
    private long acknowledged;

    private Model model;

    @ParameterizedTest
    @EnumSource(Unsynced.class)
    void a_primary_keeps_every_durable_write_and_the_model_of_its_head(Unsynced mode) {
        int stops = 0;
        for (int step = 1; step < ENOUGH; step++) {
            SimulatedDisk disk = new SimulatedDisk();
            Volume.create(dir, SPEC, disk, SMALL_SEGMENTS).close();
            acknowledged = 0;
            model = new Model(SPEC);
            disk.failFrom(step + 1, Kind.IO_ERROR);
            runUntilPowerLoss(disk, this::primaryStory);
            if (!disk.failed()) {
                break;
            }
            stops++;
            try (Volume volume = Volume.open(dir, disk.afterPowerCut(mode, step), SMALL_SEGMENTS)) {
                VolumeStatus status = volume.status();
                assertThat(status.recoverable()).as("step %d", step).isTrue();
                assertThat(status.appliedLsn()).as("step %d", step).isBetween(acknowledged, model.head());
                assertThat(contents(volume)).as("step %d", step).isEqualTo(model.at(status.appliedLsn()));
                assertThat(scrubClean(volume)).as("step %d", step).isTrue();
                byte[] afterFlush = new byte[BLOCKS * Fixtures.BLOCK];
                volume.flush();
                volume.readExtent(0, ByteBuffer.wrap(afterFlush));
                assertThat(afterFlush).as("step %d", step).isEqualTo(model.at(status.appliedLsn()));
            }
        }
        assertThat(stops).as("power cuts").isGreaterThan(80);
    }

    /** Whatever a crash left half written, the WAL holds. */
    private static boolean scrubClean(Volume volume) {
        Scrub scrub = volume.scrub();
        while (scrub.step()) {
            assertThat(scrub.report().clean()).isTrue();
        }
        return scrub.report().clean();
    }

    private void primaryStory(Volume volume) {
        volume.assume(1, VolumeRole.PRIMARY);
        for (int round = 0; round < 6; round++) {
            for (int i = 0; i < 4; i++) {
                int lba = (round * 7 + i * 3) % (BLOCKS - 4);
                model.write(lba, data(round * 10 + i, 1 + i));
                volume.write(lba, data(round * 10 + i, 1 + i));
            }
            acknowledged = volume.sync();
            model.trim(round * 5, 6);
            acknowledged(volume.trim(round * 5, 6), volume);
            model.write(round, data(100 + round, 2));
            volume.write(round, data(100 + round, 2));
            if (round % 2 == 1) {
                // What is flushed was not awaited: the flush must see to it.
                acknowledged = volume.flush();
                volume.recycleWal(acknowledged - 2);
            }
        }
    }

    private void acknowledged(long lsn, Volume volume) {
        volume.awaitDurable(lsn);
        acknowledged = lsn;
    }

    @ParameterizedTest
    @EnumSource(Unsynced.class)
    void R6_a_rebuild_shows_the_old_life_or_nothing_or_the_whole_new_life(Unsynced mode) {
        int[] seen = new int[3];
        for (int step = 1; step < ENOUGH; step++) {
            SimulatedDisk disk = RebuildStory.replicaWithOldLife(dir);
            acknowledged = 0;
            disk.failFrom(step + 1, Kind.IO_ERROR);
            runUntilPowerLoss(disk, volume -> {
                RebuildStory.rebuild(volume, 3);
                acknowledged = volume.status().appliedLsn();
                volume.flush();
            });
            if (!disk.failed()) {
                break;
            }
            try (Volume volume = Volume.open(dir, disk.afterPowerCut(mode, step), SMALL_SEGMENTS)) {
                VolumeStatus status = volume.status();
                if (status.rebuildSessionId().isPresent()) {
                    seen[1]++;
                    assertThat(status.appliedLsn()).isZero();
                    assertThat(status.durableLsn()).isZero();
                    assertThat(status.checkpointLsn()).isZero();
                    assertThat(status.recoverable()).isFalse();
                    // A fresh session on what is left must reach the end.
                    RebuildStory.rebuild(volume, status.rebuildSessionId().getAsLong() + 1);
                } else {
                    seen[status.appliedLsn() == 5 ? 0 : 2]++;
                    boolean before = status.appliedLsn() == 5;
                    assertThat(before && acknowledged > 0)
                            .as("a completed rebuild got lost")
                            .isFalse();
                    assertThat(contents(volume))
                            .as("step %d", step)
                            .isEqualTo(before ? RebuildStory.oldLife() : RebuildStory.newLife());
                    continue;
                }
                assertThat(contents(volume)).as("step %d", step).isEqualTo(RebuildStory.newLife());
                assertThat(scrubClean(volume)).as("step %d", step).isTrue();
            }
        }
        assertThat(seen).as("cuts before, during and after the session").doesNotContain(0);
    }

    @Test
    void creating_a_volume_can_be_done_over_after_a_crash_at_any_step() {
        int stops = 0;
        for (int step = 1; step < ENOUGH; step++) {
            SimulatedDisk disk = new SimulatedDisk();
            disk.failFrom(step + 1, Kind.IO_ERROR);
            try {
                Volume.create(dir, SPEC, disk, SMALL_SEGMENTS).close();
            } catch (VolumeException e) {
                assertThat(disk.failed()).isTrue();
            }
            if (!disk.failed()) {
                break;
            }
            stops++;
            SimulatedDisk after = disk.afterPowerCut(Unsynced.TORN, step);
            boolean exists = after.exists(dir.resolve("superblock"));
            try (Volume volume = exists
                    ? Volume.open(dir, after, SMALL_SEGMENTS)
                    : Volume.create(dir, SPEC, after, SMALL_SEGMENTS)) {
                assertThat(contents(volume)).containsOnly(0);
            }
        }
        assertThat(stops).isGreaterThan(10);
    }

    private interface Story {
        void on(Volume volume);
    }

    private void runUntilPowerLoss(SimulatedDisk disk, Story story) {
        try (Volume volume = Volume.open(dir, disk, SMALL_SEGMENTS)) {
            story.on(volume);
        } catch (VolumeException e) {
            if (!disk.failed()) {
                throw e;
            }
        }
    }
}
