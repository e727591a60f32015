package io.keepup.streams.fold;

import io.keepup.schemas.registry.RegistryException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Waits for the schema registry. That it is away says nothing about the input: the fold stands still at that record and
 * goes on with it later, so nothing is lost or refused by mistake. Should Kafka give the partition to another instance
 * meanwhile, that one begins at the last commit, which lies before the record. Thread-safe: one for all stream threads.
 */
public final class RegistryPatience {

    private static final Logger log = LoggerFactory.getLogger(RegistryPatience.class);

    private final Duration pause;
    private final CountDownLatch stopping = new CountDownLatch(1);
    private int waiting; // guarded by this
    private String why = ""; // guarded by this

    /** @param pause between two attempts */
    public RegistryPatience(Duration pause) {
        this.pause = pause;
    }

    /** Ends all waiting: what waits fails, uncommitted. */
    public void stop() {
        stopping.countDown();
    }

    /** How many stream threads stand still for the registry. */
    public synchronized int waiting() {
        return waiting;
    }

    /** Why the fold stands still, if it does. */
    public synchronized Optional<String> whyWaiting() {
        return waiting == 0 ? Optional.empty() : Optional.of(why);
    }

    /**
     * Calls until the registry answers.
     *
     * @throws RegistryException when {@link #stop()} was called meanwhile, or the thread was interrupted
     */
    <T> T call(Supplier<T> work) {
        try {
            return work.get();
        } catch (RegistryException e) {
            return waitFor(work, e);
        }
    }

    private <T> T waitFor(Supplier<T> work, RegistryException failure) {
        begin(failure);
        try {
            await(failure);
            while (true) {
                try {
                    T result = work.get();
                    log.info("the schema registry answers again: the fold goes on");
                    return result;
                } catch (RegistryException e) {
                    await(e);
                }
            }
        } finally {
            end();
        }
    }

    private synchronized void begin(RegistryException failure) {
        if (waiting == 0) {
            why = "the fold waits for the schema registry: " + failure.getMessage();
            log.warn("{}", why);
        }
        waiting++;
    }

    private synchronized void end() {
        waiting--;
    }

    private void await(RegistryException failure) {
        try {
            if (stopping.await(pause.toMillis(), TimeUnit.MILLISECONDS)) {
                throw failure;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw failure;
        }
    }
}
