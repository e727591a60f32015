package io.keepup.node.world;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keepup.volume.Volume;
import io.keepup.volume.VolumeException;
import io.keepup.volume.VolumeException.Kind;
import io.keepup.volume.VolumeRole;
import io.keepup.volume.VolumeSpec;
import io.keepup.volume.VolumeTuning;
import io.keepup.volume.disk.SimulatedDisk;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class StorageTest {

    private static final Path DIRECTORY = Path.of("/node/volumes/v");
    private static final VolumeSpec SPEC = new VolumeSpec("v", 64 * 512, 512);

    @Test
    void a_creation_that_failed_at_any_step_succeeds_when_it_is_asked_again() {
        int steps = changesOfOneCreation();
        for (int step = 1; step <= steps; step++) {
            SimulatedDisk disk = new SimulatedDisk();
            Storage storage = on(disk);
            disk.failOnce(step, Kind.IO_ERROR);
            assertThatThrownBy(() -> storage.create(DIRECTORY, SPEC))
                    .as("step %d", step)
                    .isInstanceOf(VolumeException.class);
            try (Volume made = storage.create(DIRECTORY, SPEC)) {
                made.assume(1, VolumeRole.PRIMARY);
                assertThat(made.trim(0, 1)).as("step %d", step).isEqualTo(1);
            }
        }
    }

    @Test
    void a_volume_that_was_used_is_not_created_again() {
        Storage storage = on(new SimulatedDisk());
        try (Volume used = storage.create(DIRECTORY, SPEC)) {
            used.assume(1, VolumeRole.REPLICA);
        }
        assertThatThrownBy(() -> storage.create(DIRECTORY, SPEC))
                .isInstanceOfSatisfying(
                        VolumeException.class, e -> assertThat(e.kind()).isEqualTo(Kind.ALREADY_EXISTS));
        storage.open(DIRECTORY).close(); // nobody holds it
    }

    private static int changesOfOneCreation() {
        SimulatedDisk disk = new SimulatedDisk();
        Volume volume = on(disk).create(DIRECTORY, SPEC);
        int changes = disk.changes();
        volume.close();
        return changes;
    }

    private static Storage on(SimulatedDisk disk) {
        return new Storage(disk, VolumeTuning.DEFAULT);
    }
}
