package io.keepup.bench.simulate;

import static org.assertj.core.api.Assertions.assertThat;

import io.keepup.bench.simulate.Simulator.Report;
import org.junit.jupiter.api.Test;

class SimulatorTest {

    private final Simulator simulator = new Simulator();

    @Test
    void the_same_seed_tells_the_same_histories() {
        Report first = tell();
        Report second = tell();
        assertThat(first.histories()).isEqualTo(30);
        assertThat(second.faults()).isEqualTo(first.faults());
        assertThat(second.story()).isEqualTo(first.story());
    }

    @Test
    void no_invariant_breaks_though_much_else_does() {
        Report report = tell();
        assertThat(report.violations()).as(report.story()).isZero();
        assertThat(report.faults()).containsKeys("power_cut", "kill", "disk_full", "duplicate_event", "flipped_bit");
    }

    private Report tell() {
        return simulator.run(30, 1, (told, of) -> {});
    }
}
