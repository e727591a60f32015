package io.keepup.node.world;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/**
 * Threads, waiting, and the time that passes. The only place in a node that makes threads or blocks, beside the Kafka clients' own
 * calls.
 */
public interface Tasks {

    /**
     * Starts work at once on a daemon thread of its own, without waiting for anything; the future completes when it ends,
     * exceptionally if it threw.
     */
    CompletableFuture<Void> start(String name, Runnable work);

    /**
     * How long this process runs, ms, at least 1: by a clock that nobody sets. All that a node measures it measures by this one;
     * what the wall shows is for people [A11].
     */
    long uptimeMs();

    /**
     * Waits until the future is done, at most so long; whether it is done. Never throws for its outcome.
     *
     * @throws org.apache.kafka.common.errors.InterruptException when interrupted, as a Kafka client's own waits
     */
    boolean await(CompletableFuture<?> done, Duration limit);

    /** Waits until the future is done, however long it takes, and whoever interrupts. Never throws for its outcome. */
    default void await(CompletableFuture<?> done) {
        boolean over = false;
        while (!over) {
            over = await(done, Duration.ofDays(1));
        }
    }
}
