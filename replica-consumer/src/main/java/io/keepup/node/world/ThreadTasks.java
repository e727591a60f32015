package io.keepup.node.world;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Threads of the operating system, and its time. */
public final class ThreadTasks implements Tasks {

    @Override
    public CompletableFuture<Void> start(String name, Runnable work) {
        CompletableFuture<Void> ended = new CompletableFuture<>();
        Thread.ofPlatform().name(name).daemon(true).start(() -> {
            try {
                work.run();
                ended.complete(null);
            } catch (Throwable e) {
                ended.completeExceptionally(e);
                throw e; // a bug: the thread's handler says so
            }
        });
        return ended;
    }

    @Override
    public boolean await(CompletableFuture<?> done, Duration limit) {
        boolean interrupted = false;
        long start = System.nanoTime();
        try {
            while (true) {
                try {
                    done.get(limit.toNanos() - (System.nanoTime() - start), TimeUnit.NANOSECONDS);
                    return true;
                } catch (TimeoutException e) {
                    return false;
                } catch (InterruptedException e) {
                    interrupted = true;
                } catch (ExecutionException | java.util.concurrent.CancellationException e) {
                    return true; // its outcome is for whoever asks for it
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
