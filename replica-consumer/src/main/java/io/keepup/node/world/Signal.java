package io.keepup.node.world;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** Wakes one waiting task; a signal given while nobody waits is kept. */
public final class Signal {

    private final Tasks tasks;
    private CompletableFuture<Void> next = new CompletableFuture<>();

    public Signal(Tasks tasks) {
        this.tasks = tasks;
    }

    public synchronized void raise() {
        next.complete(null);
    }

    /** Returns at a signal, or after {@code limit}; says whether there was one. For one task only. */
    public boolean await(Duration limit) {
        boolean raised = tasks.await(current(), limit);
        if (raised) {
            renew();
        }
        return raised;
    }

    private synchronized CompletableFuture<Void> current() {
        return next;
    }

    private synchronized void renew() {
        next = new CompletableFuture<>();
    }
}
