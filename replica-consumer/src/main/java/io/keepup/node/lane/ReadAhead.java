package io.keepup.node.lane;

import io.keepup.node.world.Signal;
import io.keepup.node.world.Tasks;
import java.time.Duration;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Supplier;

/**
 * Reads in a task of its own, a few results ahead of the one task that takes them: the network moves while that waits for
 * its disk, and no more than these few are in memory.
 */
final class ReadAhead<T> {

    private static final Duration HAND_OVER = Duration.ofMillis(100);

    /** A result, or why there will be no more. */
    private record Read<T>(T result, RuntimeException failure) {}

    private final Tasks tasks;
    private final Supplier<Optional<T>> source;
    private final Runnable end;
    private final int results;
    /** Only the reading task adds to it. */
    private final Queue<Read<T>> ahead = new ConcurrentLinkedQueue<>();

    private final Signal filled;
    private final Signal room;
    private final CompletableFuture<Void> reading;
    private volatile boolean closing;

    /**
     * Begins to read.
     *
     * @param task name of the reading task
     * @param results so many are read ahead
     * @param source gives the next result, or none after a while; what it throws is thrown to the taker, in order
     * @param end called by the reading task when it ends
     */
    ReadAhead(Tasks tasks, String task, int results, Supplier<Optional<T>> source, Runnable end) {
        this.tasks = tasks;
        this.source = source;
        this.end = end;
        this.results = results;
        this.filled = new Signal(tasks);
        this.room = new Signal(tasks);
        this.reading = tasks.start(task, this::run);
    }

    private void run() {
        try {
            while (!closing) {
                source.get().ifPresent(result -> handOver(new Read<>(result, null)));
            }
        } catch (RuntimeException e) {
            handOver(new Read<>(null, e));
        } catch (Error e) {
            handOver(new Read<>(null, new IllegalStateException("reading broke off: " + e, e)));
            throw e;
        } finally {
            end.run();
        }
    }

    private void handOver(Read<T> read) {
        while (!closing && ahead.size() >= results) {
            room.await(HAND_OVER); // the taker is slower than the lane
        }
        ahead.add(read);
        filled.raise();
    }

    /** The next result; waits at most {@code wait} for one. Throws what the source threw. */
    Optional<T> poll(Duration wait) {
        Read<T> read = ahead.poll();
        while (read == null && filled.await(wait)) {
            read = ahead.poll();
        }
        if (read == null) {
            return Optional.empty();
        }
        room.raise();
        if (read.failure != null) {
            throw read.failure;
        }
        return Optional.of(read.result);
    }

    /** Ends the reading; {@code wakeup} ends a read under way. Returns when the task has ended. */
    void close(Runnable wakeup) {
        closing = true;
        wakeup.run();
        room.raise();
        tasks.await(reading);
    }
}
