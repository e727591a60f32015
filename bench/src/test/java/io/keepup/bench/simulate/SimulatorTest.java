package io.keepup.bench.simulate;

import static org.assertj.core.api.Assertions.assertThat;

import io.keepup.bench.simulate.Simulator.Report;
import io.keepup.bench.simulate.plan.Deed;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class SimulatorTest {

    private static final long SEED = 1;

    private final Simulator simulator = new Simulator();

    @Test
    void the_same_seed_tells_the_same_histories() {
        Report first = simulator.run(30, 1, (told, of) -> {});
        Report second = simulator.run(30, 1, (told, of) -> {});
        assertThat(first.histories()).isEqualTo(30);
        assertThat(second.faults()).isEqualTo(first.faults());
        assertThat(second.fingerprint()).isEqualTo(first.fingerprint());
        assertThat(second.story()).isEqualTo(first.story());
    }

    @Test
    void another_seed_tells_others() {
        Report first = simulator.run(3, 1, (told, of) -> {});
        assertThat(simulator.run(3, 2, (told, of) -> {}).fingerprint()).isNotEqualTo(first.fingerprint());
    }

    @Test
    void no_invariant_breaks_though_much_else_does() {
        Report report = simulator.run(2_000, SEED, (told, of) -> {});
        System.out.printf(
                "%d histories of seed %d, %.1f a second%n",
                report.histories(), report.seed(), report.historiesPerSecond());
        assertThat(report.violations()).as(report.story()).isZero();
        assertThat(report.histories()).isEqualTo(2_000);
        assertThat(report.faults().keySet())
                .containsExactlyInAnyOrderElementsOf(Arrays.stream(Deed.values())
                        .filter(Deed::fault)
                        .map(Deed::word)
                        .toList());
    }
}
