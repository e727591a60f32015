package io.keepup.volume;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;

/**
 * Flushes in the background when more than a limit of bytes is dirty, and makes writers wait when it is twice that. The limit
 * bounds how much WAL a restart replays; dirty data itself costs hardly any memory.
 */
final class FlushTrigger {
    private final String name;
    private final VolumeTuning tuning;
    private final LongSupplier dirtyBytes;
    private final Runnable flush;
    private final AtomicBoolean running = new AtomicBoolean();
    private volatile boolean failed;

    FlushTrigger(String volumeId, VolumeTuning tuning, LongSupplier dirtyBytes, Runnable flush) {
        this.name = "keepup-flush-" + volumeId;
        this.tuning = tuning;
        this.dirtyBytes = dirtyBytes;
        this.flush = flush;
    }

    /** Called before a write, or an entry of a rebuild, without locks; throws what a flush in this thread throws. */
    void beforeWrite() {
        before(tuning.dirtyLimitBytes());
    }

    /** As {@link #beforeWrite}, before a replica takes what it is brought. */
    void beforeApply() {
        before(tuning.replicaDirtyLimitBytes());
    }

    private void before(long limitBytes) {
        long dirty = dirtyBytes.getAsLong();
        if (dirty < limitBytes) {
            return;
        }
        if (dirty >= 2 * limitBytes || failed) {
            // Also after a failure in the background: so it reaches somebody.
            flush.run();
            failed = false;
        } else if (running.compareAndSet(false, true)) {
            tuning.background().start(name, this::inBackground);
        }
    }

    private void inBackground() {
        try {
            flush.run();
        } catch (VolumeException e) {
            failed = true;
        } finally {
            running.set(false);
        }
    }
}
