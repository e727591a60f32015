package io.keepup.bench.fold;

import io.keepup.bench.Jmh;
import java.io.PrintStream;
import org.openjdk.jmh.runner.options.TimeValue;

/** Runs {@link ReplayBenchmark}; about 40 s. */
public final class ReplayBench {

    private ReplayBench() {}

    /**
     * Means over all measurements, on one thread.
     *
     * @param replayPerSecond events decoded and folded
     * @param replayWithOutputsPerSecond the same, and all that follows from them encoded
     * @param bytesPerEvent allocated on the heap to decode and fold one, to one decimal
     */
    public record Result(long replayPerSecond, long replayWithOutputsPerSecond, double bytesPerEvent) {}

    /**
     * Measures, and tells how it goes on {@code progress}.
     *
     * @throws IllegalStateException when a JVM cannot be started or a benchmark fails; what happened stands on
     *     {@code progress}
     */
    public static Result run(PrintStream progress) {
        return result(Jmh.run(ReplayBenchmark.class, progress));
    }

    static Result run(PrintStream progress, int forks, TimeValue iteration) {
        return result(Jmh.run(ReplayBenchmark.class, progress, forks, iteration));
    }

    private static Result result(Jmh jmh) {
        return new Result(
                jmh.perSecond("decodeAndFold"), jmh.perSecond("decodeFoldAndEncode"), jmh.bytes("decodeAndFold"));
    }
}
