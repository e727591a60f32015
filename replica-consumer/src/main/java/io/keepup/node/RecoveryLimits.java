package io.keepup.node;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongSupplier;

/**
 * What recoveries may take of a node: so many rebuilds of its replicas at once, and so many bytes a second of all that it
 * sends and receives in sessions. Both can be changed while sessions run. Thread-safe; nothing here waits.
 */
public final class RecoveryLimits {

    /** A slower session could not be told from one that stands still. */
    public static final long LEAST_BYTES_PER_SECOND = 1 << 20;

    /** So much may go at once after a pause. */
    private static final double BURST_MS = 100;

    /**
     * The limits.
     *
     * @param rebuilds at once, at least 1
     * @param bytesPerSecond 0 for no limit, else at least {@link #LEAST_BYTES_PER_SECOND}
     */
    public record Values(int rebuilds, long bytesPerSecond) {
        /** @throws IllegalArgumentException one sentence on the value that cannot be used */
        public Values {
            if (rebuilds < 1) {
                throw new IllegalArgumentException(
                        "%s rebuilds at once are too few: allow 1 or more".formatted(rebuilds));
            }
            if (bytesPerSecond != 0 && bytesPerSecond < LEAST_BYTES_PER_SECOND) {
                throw new IllegalArgumentException("%s bytes a second are too few: allow %s or more, or 0 for no limit"
                        .formatted(bytesPerSecond, LEAST_BYTES_PER_SECOND));
            }
        }
    }

    private final LongSupplier uptimeMs;
    /** Asked for and not given back, in that order. */
    private final Set<Slot> slots = new LinkedHashSet<>();

    private Values values;
    /** At which uptime, in ms, what was spent so far is paid for. */
    private double paidAt;

    /** @param uptimeMs a clock that nobody sets, ms */
    public RecoveryLimits(LongSupplier uptimeMs, Values values) {
        this.uptimeMs = uptimeMs;
        this.values = values;
    }

    public synchronized Values values() {
        return values;
    }

    /** From now on; rebuilds that run already go on. */
    public void set(Values next) {
        List<Slot> granted;
        synchronized (this) {
            values = next;
            paidAt = uptimeMs.getAsLong();
            granted = grantable();
        }
        granted.forEach(slot -> slot.granted.complete(null));
    }

    /** Asks for a rebuild's turn; first come, first served. */
    public Slot rebuild() {
        Slot slot = new Slot();
        List<Slot> granted;
        synchronized (this) {
            slots.add(slot);
            granted = grantable();
        }
        granted.forEach(each -> each.granted.complete(null));
        return slot;
    }

    private List<Slot> grantable() {
        List<Slot> granted = new ArrayList<>();
        Iterator<Slot> each = slots.iterator();
        for (int i = 0; i < values.rebuilds && each.hasNext(); i++) {
            granted.add(each.next());
        }
        return granted;
    }

    /** A rebuild's turn. */
    public final class Slot implements AutoCloseable {
        private final CompletableFuture<Void> granted = new CompletableFuture<>();

        private Slot() {}

        /** Done when the rebuild may begin. */
        public CompletableFuture<Void> granted() {
            return granted;
        }

        /** The rebuild is over, or does not want to begin any more. */
        @Override
        public void close() {
            List<Slot> next;
            synchronized (RecoveryLimits.this) {
                slots.remove(this);
                next = grantable();
            }
            next.forEach(slot -> slot.granted.complete(null));
        }
    }

    /** So many bytes of a session were sent or received. */
    public synchronized void spend(long bytes) {
        if (values.bytesPerSecond > 0) {
            paidAt = Math.max(paidAt, uptimeMs.getAsLong() - BURST_MS) + bytes * 1000.0 / values.bytesPerSecond;
        }
    }

    /** How long sessions have to wait before they go on; zero when they need not. */
    public synchronized Duration pause() {
        return values.bytesPerSecond == 0
                ? Duration.ZERO
                : Duration.ofMillis(Math.max(0, (long) Math.ceil(paidAt - uptimeMs.getAsLong())));
    }
}
