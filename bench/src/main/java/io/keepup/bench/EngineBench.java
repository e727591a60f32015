package io.keepup.bench;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.format.OutputFormatFactory;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/**
 * Runs {@link EngineBenchmark} in JVMs of its own, started with this JVM's java and class path. Two of them for each
 * benchmark, because the compiler does not decide the same way every time; about 40 s in all.
 */
public final class EngineBench {

    private static final int FORKS = 2;
    private static final int WARM_UPS = 5;
    private static final int MEASUREMENTS = 4;
    private static final TimeValue ITERATION = TimeValue.seconds(1);
    private static final String BYTES_PER_OPERATION = "gc.alloc.rate.norm";

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
        return run(progress, FORKS, ITERATION);
    }

    static Result run(PrintStream progress, int forks, TimeValue iteration) {
        Options options = options(forks, iteration);
        Collection<RunResult> results;
        try {
            results = new Runner(options, OutputFormatFactory.createFormatInstance(progress, VerboseMode.NORMAL)).run();
        } catch (RunnerException e) {
            throw new IllegalStateException("the engine benchmark did not run: " + e.getMessage(), e);
        }
        RunResult guardAndStep = named("guardAndStep", results);
        double bytes =
                guardAndStep.getSecondaryResults().get(BYTES_PER_OPERATION).getScore();
        return new Result(
                perSecond(guardAndStep), perSecond(named("stepOnly", results)), Math.round(bytes * 10) / 10.0);
    }

    private static Options options(int forks, TimeValue iteration) {
        return new OptionsBuilder()
                .include("^" + EngineBenchmark.class.getName().replace(".", "\\.") + "\\.")
                .mode(Mode.Throughput)
                .timeUnit(TimeUnit.SECONDS)
                .threads(1)
                .forks(forks)
                .warmupIterations(WARM_UPS)
                .warmupTime(iteration)
                .measurementIterations(MEASUREMENTS)
                .measurementTime(iteration)
                .jvmArgs(jvmArgs())
                .addProfiler(GCProfiler.class)
                .shouldFailOnError(true)
                .build();
    }

    /** Not this JVM's own arguments, which JMH would pass on: they suit what the command does, not what is measured. */
    private static String[] jvmArgs() {
        List<String> args =
                new ArrayList<>(List.of("-Xms512m", "-Xmx512m")); // a heap that grows would blur the figures
        if (Runtime.version().feature() >= 23) { // JMH still uses a part of Unsafe that newer JDKs warn about
            args.add("--sun-misc-unsafe-memory-access=allow");
        }
        return args.toArray(new String[0]);
    }

    private static long perSecond(RunResult result) {
        return Math.round(result.getPrimaryResult().getScore());
    }

    private static RunResult named(String benchmark, Collection<RunResult> results) {
        return results.stream()
                .filter(result -> result.getPrimaryResult().getLabel().equals(benchmark))
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("the engine benchmark gave no result for " + benchmark));
    }
}
