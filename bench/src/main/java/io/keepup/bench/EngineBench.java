package io.keepup.bench;

import java.io.PrintStream;
import org.openjdk.jmh.runner.options.TimeValue;

/** Runs {@link EngineBenchmark}; about 40 s. */
public final class EngineBench {

    private EngineBench() {}

    /**
     * Means over all measurements.
     *
     * @param eventsPerSecond guard and step, on one thread
     * @param stepOnlyPerSecond the step alone, on one thread
     * @param bytesPerEvent allocated on the heap by guard and step, to one decimal
     */
    public record Result(long eventsPerSecond, long stepOnlyPerSecond, double bytesPerEvent) {}

    /**
     * Measures, and tells how it goes on {@code progress}.
     *
     * @throws IllegalStateException when a JVM cannot be started or a benchmark fails; what happened stands on
     *     {@code progress}
     */
    public static Result run(PrintStream progress) {
        return result(Jmh.run(EngineBenchmark.class, progress));
    }

    static Result run(PrintStream progress, int forks, TimeValue iteration) {
        return result(Jmh.run(EngineBenchmark.class, progress, forks, iteration));
    }

    private static Result result(Jmh jmh) {
        return new Result(jmh.perSecond("guardAndStep"), jmh.perSecond("stepOnly"), jmh.bytes("guardAndStep"));
    }
}
