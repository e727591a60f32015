package io.keepup.cli;

import java.io.PrintStream;
import java.time.Duration;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Says on stderr what a command waits for, once it has waited for the same for two seconds: what is soon there is not worth a
 * line.
 */
final class Waiting implements AutoCloseable, Consumer<String> {

    private static final Duration SILENCE = Duration.ofSeconds(2);

    private final PrintStream err;
    private final Duration silence;
    private Thread timer; // guarded by this

    Waiting() {
        this(System.err, SILENCE);
    }

    /** @param silence how long nothing is said */
    Waiting(PrintStream err, Duration silence) {
        this.err = err;
        this.silence = silence;
    }

    /** Does something that may have to wait. */
    static <T> T on(String what, Supplier<T> work) {
        try (Waiting waiting = new Waiting()) {
            waiting.accept(what);
            return work.get();
        }
    }

    /** From now on this is waited for, and no longer what was before. */
    @Override
    public synchronized void accept(String what) {
        close();
        timer = Thread.ofVirtual().start(() -> {
            try {
                Thread.sleep(silence);
            } catch (InterruptedException e) {
                return; // it came in time
            }
            say(Thread.currentThread(), what);
        });
    }

    private synchronized void say(Thread from, String what) {
        if (timer == from) {
            err.println("waiting for " + what + " …");
            err.flush();
        }
    }

    /** Nothing is waited for any more. */
    @Override
    public synchronized void close() {
        if (timer != null) {
            timer.interrupt();
            timer = null;
        }
    }
}
