package io.keepup.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.keepup.bench.audit.AuditBench;
import io.keepup.bench.fleet.KillBench;
import io.keepup.bench.fold.StreamsBench;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The Streams app, measured on an embedded broker. */
abstract sealed class FoldBenches implements Runnable {

    @Spec
    CommandSpec spec;

    @Option(names = "--json", description = "Print JSON.")
    boolean json;

    @Option(
            names = "--set",
            paramLabel = "NAME=VALUE",
            description = "A setting of the Streams app, or of its Kafka clients.")
    Map<String, String> settings = new TreeMap<>();

    @Override
    public void run() {
        Path directory = null;
        try {
            directory = Files.createTempDirectory("keepup-bench-");
            measure(directory);
        } catch (IllegalStateException e) {
            throw new Failure("the benchmark broke off: " + e.getMessage(), e);
        } catch (IOException e) {
            throw new Failure("the benchmark has no directory to work in: " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Failure("the benchmark was interrupted", e);
        } finally {
            delete(directory);
        }
    }

    abstract void measure(Path directory) throws InterruptedException;

    void require(boolean condition, String message, Object... values) {
        if (!condition) {
            throw new ParameterException(spec.commandLine(), String.format(Locale.ROOT, message, values));
        }
    }

    static void figure(String name, String form, Object... values) {
        System.out.printf(Locale.ROOT, "%-16s %s%n", name, String.format(Locale.ROOT, form, values));
    }

    static void printJson(Object result) {
        try {
            System.out.println(new ObjectMapper().writeValueAsString(result));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void delete(Path directory) {
        if (directory == null) {
            return;
        }
        try {
            Files.walkFileTree(directory, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                    Files.delete(file);
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult postVisitDirectory(Path emptied, IOException e) throws IOException {
                    Files.delete(emptied);
                    return FileVisitResult.CONTINUE;
                }
            });
        } catch (IOException e) {
            throw new UncheckedIOException("the benchmark's directory %s stays".formatted(directory), e);
        }
    }

    /** {@code keepup bench streams}. */
    @Command(
            name = "streams",
            description = "Throughput and decision latency of the fold, beside plain topologies (about 3 minutes).",
            mixinStandardHelpOptions = true)
    static final class Streams extends FoldBenches {
        @Option(
                names = "--volumes",
                defaultValue = "1000",
                description = "Volumes the events are of, in turn (default: ${DEFAULT-VALUE}).")
        private int volumes;

        @Override
        void measure(Path directory) throws InterruptedException {
            require(volumes > 0, "--volumes must be 1 or more, not %d", volumes);
            StreamsBench.Result result =
                    StreamsBench.run(directory, StreamsBench.Plan.of(volumes, settings), System.err);
            if (json) {
                printJson(result);
                return;
            }
            figure("", "%12s %12s %12s", "fold", "bare", "pass-through");
            figure(
                    "records/s",
                    "%,12d %,12d %,12d   fold/bare %.2f",
                    result.recordsPerSecond(),
                    result.bareRecordsPerSecond(),
                    result.passRecordsPerSecond(),
                    result.throughputRatio());
            figure(
                    "in recovery",
                    "%,12d %12s %12s   fold/bare %.2f",
                    result.recoveryRecordsPerSecond(),
                    "",
                    "",
                    result.recoveryThroughputRatio());
            figure(
                    "CPU µs/record",
                    "%12.1f %12.1f %12.1f   broker and all",
                    result.cpuMicros(),
                    result.bareCpuMicros(),
                    result.passCpuMicros());
            figure(
                    "p50 at 200/s, ms",
                    "%12.1f %12.1f %12.1f   fold/pass %.2f",
                    result.p50Ms(),
                    result.bareP50Ms(),
                    result.passP50Ms(),
                    result.p50Ratio());
            figure(
                    "p99 at 200/s, ms",
                    "%12.1f %12.1f %12.1f   fold/pass %.2f",
                    result.p99Ms(),
                    result.bareP99Ms(),
                    result.passP99Ms(),
                    result.p99Ratio());
        }
    }

    /** {@code keepup bench kill}. */
    @Command(
            name = "kill",
            description = "How long volumes stand still when an instance of the Streams app is killed with -9, and when"
                    + " it is restarted, under load; and that nothing was lost or doubled (about 2 minutes).",
            mixinStandardHelpOptions = true)
    static final class Kill extends FoldBenches {
        @Option(
                names = "--kills",
                defaultValue = "4",
                description = "How many are killed, one after the other (default: ${DEFAULT-VALUE}).")
        private int kills;

        @Option(names = "--seed", defaultValue = "1", description = "Of the moments (default: ${DEFAULT-VALUE}).")
        private long seed;

        @Option(
                names = "--between",
                paramLabel = "EVENTS",
                defaultValue = "3000",
                description = "At least so many are folded before the next is killed (default: ${DEFAULT-VALUE}).")
        private int between;

        @Override
        void measure(Path directory) {
            require(kills > 0, "--kills must be 1 or more, not %d", kills);
            require(between > 0, "--between must be 1 or more, not %d", between);
            KillBench.Result result =
                    KillBench.run(directory, KillBench.Plan.of(kills, between, seed, settings), System.err);
            if (json) {
                printJson(result);
            } else {
                figure(
                        "killed",
                        "%,d ms in the middle, %,d ms at most, with a session timeout of %,d ms",
                        result.middleTakeoverMs(),
                        result.takeoverMs(),
                        result.sessionTimeoutMs());
                figure(
                        "limit",
                        "%,d ms: the middle is %s, the longest is %s",
                        result.takeoverLimitMs(),
                        within(result.middleTakeoverMs(), result.takeoverLimitMs()),
                        within(result.takeoverMs(), result.takeoverLimitMs()));
                figure("restarted", "%,d ms at most", result.restartMs());
                figure("proven", "%,d outputs of %,d events", result.outputs(), result.events());
            }
            if (result.differences() > 0) {
                throw new Failure(String.format(
                        Locale.ROOT, "%,d events have other outputs than they should", result.differences()));
            }
        }
    }

    private static String within(long millis, long limit) {
        return millis <= limit ? "within it" : String.format(Locale.ROOT, "%,d ms above it", millis - limit);
    }

    /** {@code keepup bench audit}. */
    @Command(
            name = "audit",
            description = "How long it takes to prove all that was folded, in a process with a small heap (about 2"
                    + " minutes).",
            mixinStandardHelpOptions = true)
    static final class Audit extends FoldBenches {
        @Option(
                names = "--events",
                defaultValue = "1000000",
                description = "How many, about (default: ${DEFAULT-VALUE}).")
        private long events;

        @Option(
                names = "--volumes",
                defaultValue = "1000",
                description = "Volumes the events are of, in turn (default: ${DEFAULT-VALUE}).")
        private int volumes;

        @Override
        void measure(Path directory) throws InterruptedException {
            require(volumes > 0, "--volumes must be 1 or more, not %d", volumes);
            require(events >= 10L * volumes, "--events must be 10 or more for each volume, not %d", events);
            AuditBench.Result result = AuditBench.run(directory, events, volumes, settings, System.err);
            if (json) {
                printJson(result);
            } else {
                figure("proven", "%,d outputs of %,d events", result.outputs(), result.events());
                figure(
                        "time",
                        "%.1f s (CPU %.1f s), %,d events/s, within %d MiB of heap",
                        result.seconds(),
                        result.cpuSeconds(),
                        result.eventsPerSecond(),
                        result.heapMiB());
            }
            if (result.differences() > 0) {
                throw new Failure(String.format(
                        Locale.ROOT, "%,d events have other outputs than they should", result.differences()));
            }
        }
    }
}
