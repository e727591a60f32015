package io.keepup.bench.recovery;

import java.io.PrintStream;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;

/** Tells what a benchmark does, one line a step; what takes longer than two seconds tells how far it is. */
final class Progress implements AutoCloseable {

    private static final long EVERY_MS = 2_000;

    private final PrintStream out;
    private final long began = System.nanoTime();
    private final AtomicReference<Supplier<String>> now = new AtomicReference<>();
    private final AtomicBoolean closed = new AtomicBoolean();
    private final Thread ticker;

    Progress(PrintStream out) {
        this.out = out;
        this.ticker = Thread.ofPlatform().name("bench-progress").daemon(true).start(this::tick);
    }

    private void tick() {
        try {
            while (!closed.get()) {
                Thread.sleep(EVERY_MS);
                Supplier<String> current = now.get();
                if (current != null) {
                    line(current.get());
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // closed
        }
    }

    /** A step begins; {@code far} says how far it is, and is asked on another thread. */
    void step(String what, Supplier<String> far) {
        line(what);
        now.set(() -> "  " + far.get());
    }

    /** Something is done. */
    void line(String text) {
        now.set(null);
        out.printf(Locale.ROOT, "%6.1f s  %s%n", (System.nanoTime() - began) / 1e9, text);
        out.flush();
    }

    static String mib(long bytes) {
        return String.format(Locale.ROOT, "%,d MiB", bytes >> 20);
    }

    @Override
    public void close() {
        closed.set(true);
        ticker.interrupt();
    }
}
