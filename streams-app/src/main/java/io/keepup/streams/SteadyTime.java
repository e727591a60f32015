package io.keepup.streams;

import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.common.utils.Utils;

/**
 * The time that Kafka Streams measures by: begins as the wall clock shows, and then goes on with the monotonic one. By the wall
 * clock, one that is put back by an hour would stop commits and punctuations for an hour [A11].
 */
final class SteadyTime implements Time {

    private final long begin = System.currentTimeMillis() - monotonicMs();

    private static long monotonicMs() {
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime());
    }

    @Override
    public long milliseconds() {
        return begin + monotonicMs();
    }

    @Override
    public long nanoseconds() {
        return System.nanoTime();
    }

    @Override
    public void sleep(long ms) {
        Utils.sleep(ms);
    }

    @Override
    public void waitObject(Object object, Supplier<Boolean> condition, long deadlineMs) throws InterruptedException {
        synchronized (object) {
            while (!condition.get()) {
                long left = deadlineMs - milliseconds();
                if (left <= 0) {
                    throw new TimeoutException("the condition does not hold in time");
                }
                object.wait(left);
            }
        }
    }
}
