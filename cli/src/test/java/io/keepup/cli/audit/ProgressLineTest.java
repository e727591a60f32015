package io.keepup.cli.audit;

import static org.assertj.core.api.Assertions.assertThat;

import io.keepup.cli.Terminal;
import io.keepup.streams.audit.Progress;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Beside a terminal, where what is told stays. */
class ProgressLineTest {

    private final ByteArrayOutputStream told = new ByteArrayOutputStream();
    private final PrintStream elsewhere = new PrintStream(told, true, StandardCharsets.UTF_8);
    private Duration now = Duration.ZERO;
    private final ProgressLine progress = new ProgressLine(Terminal.standard(), elsewhere, () -> now.toNanos());

    @Test
    void what_takes_long_tells_how_far_how_fast_and_how_long_still() {
        progress.at("reading", 0, 4_000);
        now = Duration.ofSeconds(5);
        progress.at("reading", 1_000, 4_000);

        assertThat(told.toString(StandardCharsets.UTF_8)).isEqualTo("reading: 1,000 of 4,000, 200/s, 15 s left\n");
    }

    @Test
    void after_two_seconds_it_is_told_first_and_then_every_five() {
        for (int second = 0; second <= 13; second++) {
            now = Duration.ofSeconds(second);
            progress.at("reading", second * 10L, 4_000);
        }
        assertThat(told.toString(StandardCharsets.UTF_8).lines().map(line -> line.split(" ")[1]))
                .containsExactly("20", "70", "120");
    }

    @Test
    void of_an_unknown_total_it_tells_how_far_and_how_fast() {
        progress.at("writing", 0, Progress.UNKNOWN);
        now = Duration.ofSeconds(5);
        progress.at("writing", 1_000, Progress.UNKNOWN);

        assertThat(told.toString(StandardCharsets.UTF_8)).isEqualTo("writing: 1,000, 200/s\n");
    }

    @Test
    void what_is_soon_done_says_nothing() {
        progress.at("reading", 0, 4_000);
        now = Duration.ofMillis(1_999);
        progress.at("reading", 3_999, 4_000);
        progress.end();

        assertThat(told.size()).isZero();
    }
}
