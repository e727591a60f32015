package io.keepup.cli;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A command that stays up: it ends when the process is asked to (Ctrl-C, SIGTERM) or when a part of it fails, and closes
 * what it opened, last opened first, in either case.
 */
final class Running {

    private static final Logger LOG = LoggerFactory.getLogger(Running.class);

    private final CompletableFuture<Void> end = new CompletableFuture<>();
    private final Deque<AutoCloseable> parts = new ArrayDeque<>();

    private Running() {}

    /** What a command does before it waits. */
    interface Start {
        void run(Running running) throws Exception;
    }

    /**
     * Starts, then waits for the end.
     *
     * @throws Failure when a part failed
     */
    static void until(Start start) {
        Running running = new Running();
        CountDownLatch closed = new CountDownLatch(1);
        Thread hook = Thread.ofPlatform().name("shutdown").unstarted(() -> {
            running.end.complete(null);
            try {
                closed.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt(); // the JVM ends anyway
            }
        });
        Runtime.getRuntime().addShutdownHook(hook);
        try {
            start.run(running);
            running.end.join();
        } catch (java.util.concurrent.CompletionException e) {
            throw new Failure(e.getCause().getMessage(), e.getCause());
        } catch (RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new Failure(e.getMessage(), e);
        } finally {
            running.closeAll();
            closed.countDown();
        }
    }

    /** Registers a part to be closed at the end. */
    <T extends AutoCloseable> T closing(T part) {
        parts.push(part);
        return part;
    }

    /** The command is done. */
    void end() {
        end.complete(null);
    }

    /** A part cannot go on: the command ends with its reason. */
    void fail(Throwable reason) {
        end.completeExceptionally(reason);
    }

    /** True once the process was asked to end, or a part failed. */
    boolean ending() {
        return end.isDone();
    }

    private void closeAll() {
        for (AutoCloseable part : parts) {
            try {
                part.close();
            } catch (Exception e) {
                LOG.warn("{} does not close", part.getClass().getSimpleName(), e);
            }
        }
    }
}
