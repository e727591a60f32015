package io.keepup.node.note;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keepup.volume.VolumeException;
import io.keepup.volume.disk.SimulatedDisk;
import io.keepup.volume.disk.SimulatedDisk.Unsynced;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StartNumberTest {

    private static final Path NOTES = Path.of("/node/notes");

    @Test
    void S_F14_each_start_has_a_higher_number_than_all_before_whatever_a_power_cut_leaves() {
        SimulatedDisk disk = new SimulatedDisk();
        long last = 0;
        for (int seed = 1; seed <= 60; seed++) {
            long number = StartNumber.next(disk, NOTES);
            assertThat(number).isGreaterThan(last);
            last = number;
            disk.failOnce(1 + seed % 8, VolumeException.Kind.IO_ERROR);
            try {
                last = StartNumber.next(disk, NOTES); // breaks off somewhere, or not
            } catch (VolumeException e) {
                assertThat(e.kind()).isEqualTo(VolumeException.Kind.IO_ERROR);
            }
            disk.heal();
            disk = disk.afterPowerCut(Unsynced.values()[seed % Unsynced.values().length], seed);
        }
    }

    @Test
    void a_number_that_a_person_wrote_counts_on() {
        SimulatedDisk disk = new SimulatedDisk();
        StartNumber.next(disk, NOTES);
        write(disk, "41\n");

        assertThat(StartNumber.next(disk, NOTES)).isEqualTo(42);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "seven", "-1", "8000000"})
    void a_file_that_holds_no_number_is_refused_with_what_to_do(String text) {
        SimulatedDisk disk = new SimulatedDisk();
        StartNumber.next(disk, NOTES);
        write(disk, text);

        assertThatThrownBy(() -> StartNumber.next(disk, NOTES))
                .isInstanceOf(VolumeException.class)
                .hasMessage(
                        "cannot read /node/notes/.starts: '%s' is not a number below 8000000;"
                                + " write one into it that is above the number of starts so far",
                        text);
    }

    private static void write(SimulatedDisk disk, String text) {
        new ReplacedFile(disk, NOTES.resolve(".starts")).replace(text.getBytes(StandardCharsets.US_ASCII));
    }
}
