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
 * Runs a class of benchmarks on one thread in JVMs of its own, started with this JVM's java and class path. Two of them for
 * each benchmark, because the compiler does not decide the same way every time.
 */
public final class Jmh {

    private static final int FORKS = 2;
    private static final int WARM_UPS = 5;
    private static final int MEASUREMENTS = 4;
    private static final TimeValue ITERATION = TimeValue.seconds(1);
    private static final String BYTES_PER_OPERATION = "gc.alloc.rate.norm";

    private final Collection<RunResult> results;

    private Jmh(Collection<RunResult> results) {
        this.results = results;
    }

    /**
     * Measures, about 20 s for each benchmark, and tells how it goes on {@code progress}.
     *
     * @throws IllegalStateException when a JVM cannot be started or a benchmark fails; what happened stands on
     *     {@code progress}
     */
    public static Jmh run(Class<?> benchmarks, PrintStream progress) {
        return run(benchmarks, progress, FORKS, ITERATION);
    }

    /** The same for so long, to see that it runs. */
    public static Jmh run(Class<?> benchmarks, PrintStream progress, int forks, TimeValue iteration) {
        Options options = options(benchmarks, forks, iteration);
        try {
            return new Jmh(
                    new Runner(options, OutputFormatFactory.createFormatInstance(progress, VerboseMode.NORMAL)).run());
        } catch (RunnerException e) {
            throw new IllegalStateException("the benchmark did not run: " + e.getMessage(), e);
        }
    }

    private static Options options(Class<?> benchmarks, int forks, TimeValue iteration) {
        return new OptionsBuilder()
                .include("^" + benchmarks.getName().replace(".", "\\.") + "\\.")
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

    /** Operations a second, mean over all measurements. */
    public long perSecond(String benchmark) {
        return Math.round(named(benchmark).getPrimaryResult().getScore());
    }

    /** Bytes allocated on the heap an operation, to one decimal. */
    public double bytes(String benchmark) {
        double bytes =
                named(benchmark).getSecondaryResults().get(BYTES_PER_OPERATION).getScore();
        return Math.round(bytes * 10) / 10.0;
    }

    private RunResult named(String benchmark) {
        return results.stream()
                .filter(result -> result.getPrimaryResult().getLabel().equals(benchmark))
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("there is no result for benchmark " + benchmark));
    }
}
