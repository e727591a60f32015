package io.keepup.bench.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** [invariant 1] Instances in processes of their own, killed with -9 and restarted at any point, under load. */
@Timeout(600)
class KillBenchTest {

    /** An instance that joins gets partitions at once, and one that is gone is soon missed. */
    private static final Map<String, String> HASTY = Map.of(
            "acceptable.recovery.lag",
            String.valueOf(Long.MAX_VALUE),
            "main.consumer.session.timeout.ms",
            "5000",
            "producer.transaction.timeout.ms",
            "2000",
            "commit.interval.ms",
            "25"); // more records in a transaction, fewer transactions

    @TempDir
    Path directory;

    @Test
    void no_command_is_lost_or_doubled_when_instances_are_killed_between_any_two_steps_or_restarted() {
        long seed = System.nanoTime();
        System.out.println("seed " + seed);

        KillBench.Result result =
                KillBench.run(directory, new KillBench.Plan(40, 200, 3, 4, 2, 100, seed, HASTY), System.out);

        assertThat(result.differences()).isZero();
        assertThat(result.outputs()).isGreaterThan(9 * 100);
        assertThat(result.takeoverMs()).isPositive();
        assertThat(result.middleTakeoverMs()).isPositive().isLessThanOrEqualTo(result.takeoverMs());
        assertThat(result.takeoverLimitMs()).isEqualTo(5_000 + 1_000);
        assertThat(result.restarts()).isEqualTo(2);
    }

    /** They are the keys of the command's JSON. */
    @Test
    void the_figures_have_these_names() {
        assertThat(Stream.of(KillBench.Result.class.getRecordComponents()).map(c -> c.getName()))
                .contains("takeoverLimitMs", "middleTakeoverMs", "takeoverMs", "restartMs", "sessionTimeoutMs")
                .contains("events", "outputs", "differences");
    }
}
