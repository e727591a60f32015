package io.keepup.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What people see while a command works. */
class TerminalTest {

    private final ByteArrayOutputStream written = new ByteArrayOutputStream();
    private final PrintStream out = new PrintStream(written, true, StandardCharsets.UTF_8);

    @ParameterizedTest
    @ValueSource(ints = {1, 20, 60, 100, 180})
    void S_F20_neither_a_moving_line_nor_a_row_is_wider_than_the_terminal(int columns) {
        Terminal terminal = new Terminal(out, true, columns);
        String text = "0123456789".repeat(15);

        terminal.moving(text);

        assertThat(written().replaceFirst("^\\r\\033\\[K", "").length()).isLessThanOrEqualTo(Math.max(1, columns - 1));
        assertThat(terminal.fit(text).length()).isLessThanOrEqualTo(columns);
        assertThat(terminal.textWidth()).isLessThanOrEqualTo(columns);
        if (columns > text.length()) {
            assertThat(written()).endsWith(text);
            assertThat(terminal.fit(text)).isEqualTo(text);
        }
    }

    @Test
    void S_F20_what_is_no_terminal_gets_rows_whole() {
        assertThat(new Terminal(out, false, 20).fit("0123456789".repeat(15))).hasSize(150);
    }

    @Test
    void S_F20_what_is_waited_for_is_said_once_it_takes_long_and_what_came_in_time_is_not() {
        try (Waiting waiting = new Waiting(out, Duration.ofHours(1))) {
            waiting.accept("a broker that is there");
        }
        try (Waiting waiting = new Waiting(out, Duration.ofMillis(1))) {
            waiting.accept("the broker at kafka:9092");
            Awaitility.await().until(() -> !written().isEmpty());
        }
        assertThat(written()).isEqualTo("waiting for the broker at kafka:9092 …" + System.lineSeparator());
    }

    private String written() {
        return written.toString(StandardCharsets.UTF_8);
    }
}
