package io.keepup.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.keepup.bench.EngineBench.Result;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.openjdk.jmh.runner.options.TimeValue;

class EngineBenchTest {

    @Test
    void aRunInAJvmOfItsOwnGivesEveryFigureAndTellsHowItGoes() {
        ByteArrayOutputStream progress = new ByteArrayOutputStream();

        Result result =
                EngineBench.run(new PrintStream(progress, true, StandardCharsets.UTF_8), 1, TimeValue.milliseconds(20));

        assertThat(result.eventsPerSecond()).isPositive();
        assertThat(result.stepOnlyPerSecond()).isPositive();
        // A step gives at least itself and the state: two objects of 16 bytes or more.
        assertThat(result.bytesPerEvent()).isBetween(32.0, 10_000.0);
        assertThat(progress.toString(StandardCharsets.UTF_8)).contains("Fork: 1 of 1", "Run complete");
    }

    /** They are the keys of the command's JSON. */
    @Test
    void theFiguresHaveTheseNames() {
        assertThat(Stream.of(Result.class.getRecordComponents()).map(c -> c.getName()))
                .containsExactly("eventsPerSecond", "stepOnlyPerSecond", "bytesPerEvent");
    }
}
