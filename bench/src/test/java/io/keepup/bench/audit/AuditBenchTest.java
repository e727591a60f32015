package io.keepup.bench.audit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(240)
class AuditBenchTest {

    @TempDir
    Path directory;

    @Test
    void a_small_run_proves_everything_and_gives_every_figure() throws Exception {
        ByteArrayOutputStream progress = new ByteArrayOutputStream();

        AuditBench.Result result =
                AuditBench.run(directory, 1_000, 10, Map.of(), new PrintStream(progress, true, StandardCharsets.UTF_8));

        assertThat(result.events()).isEqualTo(1_000);
        assertThat(result.outputs()).isGreaterThan(1_000);
        assertThat(result.differences()).isZero();
        assertThat(result.seconds()).isPositive();
        assertThat(result.cpuSeconds()).isPositive();
        assertThat(result.eventsPerSecond()).isPositive();
        assertThat(progress.toString(StandardCharsets.UTF_8)).contains("1,000 events of 10 volumes");
    }
}
