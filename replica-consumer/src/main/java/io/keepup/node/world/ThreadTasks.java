package io.keepup.node.world;

import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.common.errors.InterruptException;

/** Threads of the operating system, and its time. */
public final class ThreadTasks implements Tasks {

    private final long begin = System.nanoTime();

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
    public long uptimeMs() {
        return 1 + TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin);
    }

    @Override
    public boolean await(CompletableFuture<?> done, Duration limit) {
        try {
            done.get(limit.toNanos(), TimeUnit.NANOSECONDS);
            return true;
        } catch (TimeoutException e) {
            return false;
        } catch (ExecutionException | CancellationException e) {
            return true; // its outcome is for whoever asks for it
        } catch (InterruptedException e) {
            throw new InterruptException(e); // keeps the interrupt
        }
    }

    @Override
    public void await(CompletableFuture<?> done) {
        try {
            done.join();
        } catch (CompletionException | CancellationException e) {
            // as above
        }
    }
}
