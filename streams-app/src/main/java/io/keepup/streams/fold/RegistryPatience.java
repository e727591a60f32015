package io.keepup.streams.fold;

import io.keepup.schemas.registry.RegistryException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Waits for the schema registry. That it is away says nothing about the input: the fold stands still at that record and
 * goes on with it later, so nothing is lost or refused by mistake. Should Kafka give the partition to another instance
 * meanwhile, that one begins at the last commit, which lies before the record.
 */
public final class RegistryPatience {

    private static final Logger log = LoggerFactory.getLogger(RegistryPatience.class);

    /** Attempts between two lines in the log. */
    private static final int SAY_EVERY = 10;

    private final Duration pause;
    private final CountDownLatch stopping = new CountDownLatch(1);

    /** @param pause between two attempts */
    public RegistryPatience(Duration pause) {
        this.pause = pause;
    }

    /** Ends all waiting: what waits fails, uncommitted. */
    public void stop() {
        stopping.countDown();
    }

    /**
     * Calls until the registry answers.
     *
     * @throws RegistryException when {@link #stop()} was called meanwhile, or the thread was interrupted
     */
    <T> T call(Supplier<T> work) {
        for (int failures = 0; ; failures++) {
            try {
                T result = work.get();
                if (failures > 0) {
                    log.info("the schema registry answers again: the fold goes on");
                }
                return result;
            } catch (RegistryException e) {
                if (failures % SAY_EVERY == 0) {
                    log.warn("the fold waits for the schema registry: {}", e.getMessage());
                }
                await(e);
            }
        }
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
