package io.keepup.volume;

import static io.keepup.volume.Fixtures.contents;
import static io.keepup.volume.RebuildStory.SMALL_SEGMENTS;
import static org.assertj.core.api.Assertions.assertThat;

import io.keepup.volume.VolumeException.Kind;
import io.keepup.volume.disk.SimulatedDisk;
import io.keepup.volume.disk.SimulatedDisk.Unsynced;
import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Fails every single change to the disk in a rebuild once: the failure is clear, and nothing wrong is ever taken for data. */
class RebuildDiskFailureTest {
    private static final Path DIR = Path.of("/simulated/v");

    @ParameterizedTest
    @CsvSource({"DISK_FULL, LOST", "DISK_FULL, TORN", "IO_ERROR, LOST", "IO_ERROR, KEPT", "IO_ERROR, TORN"})
    void a_full_disk_or_an_io_error_anywhere_in_a_rebuild_leaves_the_old_life_or_a_marker(Kind kind, Unsynced mode) {
        int goneOn = 0;
        int stopped = 0;
        boolean failed = true;
        for (int step = 1; failed; step++) {
            SimulatedDisk disk = RebuildStory.replicaWithOldLife(DIR);
            try (Volume volume = Volume.open(DIR, disk, SMALL_SEGMENTS)) {
                disk.failOnce(step, kind);
                Kind failure = rebuild(volume, 3);
                failed = disk.failed();
                if (failure == null) {
                    // Nothing failed; or only space written ahead, which does not matter.
                    assertThat(failed && kind == Kind.IO_ERROR)
                            .as("step %d", step)
                            .isFalse();
                    assertThat(contents(volume)).as("step %d", step).isEqualTo(RebuildStory.newLife());
                    continue;
                }
                assertThat(failure).as("step %d", step).isEqualTo(kind);
                assertOldLifeOrMarker(volume);
                // A fresh session on the same open volume: done, or refused because the disk is not to be trusted.
                Kind again = rebuild(volume, 4);
                if (again == null) {
                    goneOn++;
                    assertThat(kind).isEqualTo(Kind.DISK_FULL);
                    assertThat(contents(volume)).as("step %d", step).isEqualTo(RebuildStory.newLife());
                } else {
                    stopped++;
                    assertThat(again).as("step %d", step).isEqualTo(Kind.IO_ERROR);
                    assertOldLifeOrMarker(volume);
                    assertReopens(disk.afterPowerCut(mode, step));
                }
            }
        }
        if (kind == Kind.DISK_FULL) {
            assertThat(goneOn).as("sessions after a full disk").isGreaterThan(15);
        } else {
            assertThat(stopped).as("volumes that stopped").isGreaterThan(40);
        }
    }

    /** What ended it; null when it completed. */
    private static Kind rebuild(Volume volume, long sessionId) {
        try {
            RebuildStory.rebuild(volume, sessionId);
            return null;
        } catch (VolumeException e) {
            assertThat(e).hasMessageNotContaining("\n");
            return e.kind();
        }
    }

    private static void assertOldLifeOrMarker(Volume volume) {
        VolumeStatus status = volume.status();
        assertThat(status.recoverable()).isEqualTo(status.rebuildSessionId().isEmpty());
        if (status.recoverable()) {
            assertThat(contents(volume)).isEqualTo(RebuildStory.oldLife());
        } else {
            assertThat(status.appliedLsn()).isZero();
            assertThat(status.durableLsn()).isZero();
        }
    }

    private static void assertReopens(SimulatedDisk disk) {
        try (Volume volume = Volume.open(DIR, disk, SMALL_SEGMENTS)) {
            if (volume.status().recoverable() && volume.status().appliedLsn() == 26) {
                assertThat(contents(volume)).isEqualTo(RebuildStory.newLife());
                return;
            }
            assertOldLifeOrMarker(volume);
            assertThat(rebuild(volume, 5)).isNull();
            assertThat(contents(volume)).isEqualTo(RebuildStory.newLife());
        }
    }
}
