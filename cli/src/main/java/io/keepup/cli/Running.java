package io.keepup.cli;

import io.keepup.service.directory.DiskCheck;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.core.config.Configurator;
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
    private final List<Path> directories = new CopyOnWriteArrayList<>();
    private volatile boolean askedToEnd;
    private Thread starting = Thread.currentThread(); // guarded by this; null once started

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
            running.breakOff();
            try {
                closed.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt(); // the JVM ends anyway
            }
        });
        Runtime.getRuntime().addShutdownHook(hook);
        try {
            start.run(running);
            running.started();
            running.end.join();
        } catch (Throwable e) {
            running.started();
            if (running.askedToEnd) {
                LOG.debug("ended while it was starting", e); // asked for: whatever broke off, broke off for that
            } else {
                throw running.explained(asUnchecked(e));
            }
        } finally {
            try {
                running.closeAll();
            } finally {
                closed.countDown();
            }
        }
    }

    /** Where the command keeps its data: when it fails because that disk takes no more, it says so. */
    void keepsDataIn(Path directory) {
        directories.add(directory);
    }

    private RuntimeException explained(RuntimeException failure) {
        for (Path directory : directories) {
            Optional<String> refusal = DiskCheck.refusal(directory);
            if (refusal.isPresent()) {
                LOG.debug("the disk refuses data", failure);
                String said = refusal.get();
                return new Failure(
                        "cannot write to %s: %s%s; make room there or mend it, then start again"
                                .formatted(directory, said.substring(0, 1).toLowerCase(Locale.ROOT), said.substring(1)),
                        failure);
            }
        }
        return failure;
    }

    private static RuntimeException asUnchecked(Throwable e) {
        return switch (e) {
            case CompletionException failed -> new Failure(Errors.oneLine(failed.getCause()), failed.getCause());
            case RuntimeException unchecked -> unchecked;
            case Error error -> throw error;
            default -> new Failure(Errors.oneLine(e), e);
        };
    }

    /** The process is to end: a start that is still under way is broken off. */
    private synchronized void breakOff() {
        askedToEnd = true;
        end.complete(null);
        if (starting != null) {
            Configurator.setAllLevels(
                    LogManager.ROOT_LOGGER_NAME, Level.OFF); // what Kafka has to say about being broken off is no news
            starting.interrupt();
        }
    }

    /** From here on nothing is interrupted: what follows is waiting and closing. */
    private synchronized void started() {
        starting = null;
        Thread.interrupted();
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
            } catch (Exception | Error e) { // the other parts must close all the same
                LOG.warn("{} does not close", part.getClass().getSimpleName(), e);
            }
        }
    }
}
