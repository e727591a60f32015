package io.keepup.node.world;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/**
 * A reentrant lock that may be held while waiting, for a broker or for another task: whoever comes meanwhile waits through
 * {@link Tasks}. A monitor in its place would stop a simulator that runs one task at a time. Where nothing waits inside, a
 * monitor does.
 */
public final class Mutex {

    private final Tasks tasks;
    private final Queue<CompletableFuture<Void>> waiting = new ArrayDeque<>();
    private Thread holder;
    private int depth;

    public Mutex(Tasks tasks) {
        this.tasks = tasks;
    }

    /** Does work while nobody else holds this. */
    public void run(Runnable work) {
        get(() -> {
            work.run();
            return null;
        });
    }

    /** Does work while nobody else holds this, and gives its result. */
    public <T> T get(Supplier<T> work) {
        for (CompletableFuture<Void> free = take(); free != null; free = take()) {
            tasks.await(free);
        }
        try {
            return work.get();
        } finally {
            give();
        }
    }

    /** Null when it is ours now; else what is done when it may be free. */
    private synchronized CompletableFuture<Void> take() {
        if (holder == null || holder == Thread.currentThread()) {
            holder = Thread.currentThread();
            depth++;
            return null;
        }
        CompletableFuture<Void> free = new CompletableFuture<>();
        waiting.add(free);
        return free;
    }

    private synchronized void give() {
        depth--;
        if (depth == 0) {
            holder = null;
            CompletableFuture<Void> first = waiting.poll();
            if (first != null) {
                first.complete(null);
            }
        }
    }
}
