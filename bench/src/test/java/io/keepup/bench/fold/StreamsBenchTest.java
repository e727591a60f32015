package io.keepup.bench.fold;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class StreamsBenchTest {

    @TempDir
    Path directory;

    /** It breaks off by itself when an event is refused, or an output has another cause than what was sent. */
    @Test
    void a_small_run_gives_every_figure_and_tells_how_it_goes() throws Exception {
        ByteArrayOutputStream progress = new ByteArrayOutputStream();

        StreamsBench.Result result = StreamsBench.run(
                directory,
                new StreamsBench.Plan(12, 1, 720, 1, 1, Map.of()),
                new PrintStream(progress, true, StandardCharsets.UTF_8));

        assertThat(result.recordsPerSecond()).isPositive();
        assertThat(result.bareRecordsPerSecond()).isPositive();
        assertThat(result.passRecordsPerSecond()).isPositive();
        assertThat(result.throughputRatio()).isPositive();
        assertThat(result.recoveryRecordsPerSecond()).isPositive();
        assertThat(result.recoveryThroughputRatio()).isPositive();
        assertThat(result.p50Ms()).isPositive().isLessThanOrEqualTo(result.p99Ms());
        assertThat(result.bareP50Ms()).isPositive().isLessThanOrEqualTo(result.bareP99Ms());
        assertThat(result.passP50Ms()).isPositive().isLessThanOrEqualTo(result.passP99Ms());
        assertThat(progress.toString(StandardCharsets.UTF_8)).contains("warm-up", "round 1");
    }

    /** They are the keys of the command's JSON. */
    @Test
    void the_figures_have_these_names() {
        assertThat(Stream.of(StreamsBench.Result.class.getRecordComponents()).map(c -> c.getName()))
                .contains("recordsPerSecond", "bareRecordsPerSecond", "p50Ms", "p99Ms", "passP50Ms", "passP99Ms");
    }
}
