package io.keepup.cli.audit;

import io.keepup.cli.Terminal;
import io.keepup.streams.audit.Progress;
import java.io.PrintStream;
import java.time.Duration;
import java.util.Locale;
import java.util.function.LongSupplier;

/**
 * Shows how far something is and when it will be done: on a terminal in a line that moves, elsewhere in a line on stderr
 * after two seconds and then every few, so that what is soon done says nothing.
 */
public final class ProgressLine implements Progress {

    private static final Duration MOVES = Duration.ofMillis(100);
    private static final Duration FIRST = Duration.ofSeconds(2);
    private static final Duration SAYS = Duration.ofSeconds(5);

    private final Terminal terminal;
    private final PrintStream elsewhere;
    private final LongSupplier nanos;
    private String what = "";
    private long begun;
    private long told;
    private long before;

    /** @param nanos the clock */
    public ProgressLine(Terminal terminal, PrintStream elsewhere, LongSupplier nanos) {
        this.terminal = terminal;
        this.elsewhere = elsewhere;
        this.nanos = nanos;
    }

    @Override
    public void at(String now, long done, long total) {
        long time = nanos.getAsLong();
        if (!now.equals(what)) {
            what = now;
            begun = time;
            before = done;
            told = time;
        }
        Duration pause = terminal.interactive() ? MOVES : told == begun ? FIRST : SAYS;
        if (time - told < pause.toNanos()) {
            return;
        }
        told = time;
        double seconds = (time - begun) / 1e9;
        double rate = (done - before) / seconds;
        String text = total == UNKNOWN
                ? String.format(Locale.ROOT, "%s: %,d, %,.0f/s", what, done, rate)
                : String.format(
                        Locale.ROOT, "%s: %,d of %,d, %,.0f/s%s", what, done, total, rate, left(total - done, rate));
        if (terminal.interactive()) {
            terminal.moving(text);
        } else {
            elsewhere.println(text);
            elsewhere.flush();
        }
    }

    private static String left(long left, double rate) {
        return rate <= 0 ? "" : String.format(Locale.ROOT, ", %,.0f s left", left / rate);
    }

    /** Takes the moving line away. */
    public void end() {
        terminal.endMoving();
    }
}
