package io.keepup.service.failure;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.event.Level;

/**
 * Logs failures that may repeat without end: one line a kind a minute, the next with the number of those passed over since. A
 * kind is what failed, whichever volume or record it was about, and the class of the failure. What is passed over is logged at
 * debug level. To be kept in a static field beside its {@link Logger}, for all of a process. Thread-safe.
 */
public final class RepeatedFailureLog {

    /** How long after a line others of its kind are passed over. */
    public static final Duration PAUSE = Duration.ofMinutes(1);

    private static final class Kind {
        long loggedAt;
        long passedOver;
    }

    private final Logger log;
    private final LongSupplier nanos;
    private final Map<String, Kind> kinds = new HashMap<>();

    /** Logs to {@code log}. */
    public RepeatedFailureLog(Logger log) {
        this(log, System::nanoTime);
    }

    /** @param nanos a clock that only goes forward, as {@link System#nanoTime} */
    RepeatedFailureLog(Logger log, LongSupplier nanos) {
        this.log = log;
        this.nanos = nanos;
    }

    /**
     * An error.
     *
     * @param kind what failed, from a short list: it names no volume, record or request
     * @param line what is logged of this one
     * @param why may be null
     */
    public void error(String kind, String line, Throwable why) {
        log(Level.ERROR, kind, line, why);
    }

    /** As {@link #error(String, String, Throwable)}, of a failure that {@code line} has all of. */
    public void error(String kind, String line) {
        log(Level.ERROR, kind, line, null);
    }

    /** A warning, else as {@link #error(String, String)}. */
    public void warn(String kind, String line) {
        log(Level.WARN, kind, line, null);
    }

    private void log(Level level, String kind, String line, Throwable why) {
        long passedOver = due(why == null ? kind : kind + ", " + why.getClass().getName());
        if (passedOver < 0) {
            log.atDebug().setCause(why).log(line);
            return;
        }
        String more = passedOver == 0 ? "" : " (and %s more of this kind before)".formatted(passedOver);
        log.atLevel(level).setCause(why).log(line + more);
    }

    /** How many of the kind were passed over, when another line is due; else -1, and this one is passed over too. */
    private synchronized long due(String name) {
        long now = nanos.getAsLong();
        Kind kind = kinds.get(name);
        if (kind == null) {
            kind = new Kind();
            kinds.put(name, kind);
        } else if (now - kind.loggedAt < PAUSE.toNanos()) {
            kind.passedOver++;
            return -1;
        }
        long passedOver = kind.passedOver;
        kind.passedOver = 0;
        kind.loggedAt = now;
        return passedOver;
    }
}
