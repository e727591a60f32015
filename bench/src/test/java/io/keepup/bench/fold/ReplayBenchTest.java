package io.keepup.bench.fold;

import static org.assertj.core.api.Assertions.assertThat;

import io.keepup.bench.fold.ReplayBench.Result;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.openjdk.jmh.runner.options.TimeValue;

class ReplayBenchTest {

    @Test
    void aRunInAJvmOfItsOwnGivesEveryFigure() {
        ByteArrayOutputStream progress = new ByteArrayOutputStream();

        Result result =
                ReplayBench.run(new PrintStream(progress, true, StandardCharsets.UTF_8), 1, TimeValue.milliseconds(20));

        assertThat(result.replayPerSecond()).isPositive();
        assertThat(result.replayWithOutputsPerSecond()).isPositive().isLessThan(result.replayPerSecond() * 2);
        assertThat(result.bytesPerEvent()).isBetween(100.0, 100_000.0);
        assertThat(progress.toString(StandardCharsets.UTF_8)).contains("Run complete");
    }

    /** They are the keys of the command's JSON. */
    @Test
    void theFiguresHaveTheseNames() {
        assertThat(Stream.of(Result.class.getRecordComponents()).map(c -> c.getName()))
                .containsExactly("replayPerSecond", "replayWithOutputsPerSecond", "bytesPerEvent");
    }
}
