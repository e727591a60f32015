package io.keepup.cli;

import io.keepup.bench.recovery.CatchUpBench;
import io.keepup.bench.recovery.RebuildBench;
import io.keepup.bench.recovery.RebuildBench.Data;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Recoveries, measured beside plain Kafka clients on the same broker. */
abstract sealed class RecoveryBenches implements Runnable {

    private static final long MIB = 1 << 20;
    private static final int BLOCK = 4096;
    private static final int MAX_ENTRY = 1 << 20;

    @Spec
    CommandSpec spec;

    @Option(names = "--json", description = "Print JSON.")
    boolean json;

    @Option(
            names = "--set",
            paramLabel = "NAME=VALUE",
            description = "A setting of the nodes, or of their Kafka clients.")
    Map<String, String> settings = new TreeMap<>();

    @Override
    public void run() {
        check();
        boolean equal;
        try {
            equal = measure();
        } catch (IllegalStateException e) {
            throw new Failure("the benchmark broke off: " + e.getMessage(), e);
        }
        if (!equal) {
            throw new Failure("the copies are not equal");
        }
    }

    abstract void check();

    abstract boolean measure();

    void require(boolean condition, String message, Object... values) {
        if (!condition) {
            throw new ParameterException(spec.commandLine(), String.format(Locale.ROOT, message, values));
        }
    }

    static void figure(String name, String form, Object... values) {
        System.out.printf(Locale.ROOT, "%-14s %s%n", name, String.format(Locale.ROOT, form, values));
    }

    /** {@code keepup bench rebuild}. */
    @Command(
            name = "rebuild",
            description = "Rebuild a replica under live writes, beside plain Kafka clients (about a minute).",
            mixinStandardHelpOptions = true)
    static final class Rebuild extends RecoveryBenches {
        @Option(
                names = "--size",
                paramLabel = "SIZE",
                converter = Sizes.class,
                defaultValue = "1GiB",
                description = "Size of the volume (default: ${DEFAULT-VALUE}).")
        private long size;

        @Option(
                names = "--fill",
                paramLabel = "PART",
                defaultValue = "0.5",
                description = "The part of it that is written before, 0 to 1 (default: ${DEFAULT-VALUE}).")
        private double fill;

        @Option(
                names = "--data",
                paramLabel = "KIND",
                defaultValue = "random",
                description = "What it is filled with: ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
        private Data data;

        @Option(
                names = "--writes",
                paramLabel = "N",
                defaultValue = "5000",
                description = "Live writes of one block (default: ${DEFAULT-VALUE}).")
        private int writes;

        @Override
        void check() {
            require(size >= MIB && size % MIB == 0, "--size %d is not a multiple of 1MiB", size);
            require(fill >= 0 && fill <= 1, "--fill %s is not between 0 and 1", fill);
            require(writes >= 0, "--writes %d is below 0", writes);
        }

        @Override
        boolean measure() {
            RebuildBench.Result result =
                    RebuildBench.run(new RebuildBench.Plan(size, fill, data, writes, settings), System.err);
            if (json) {
                System.out.println(BenchCommand.json(result));
            } else {
                figure("rebuild", "%.2f s", result.rebuildSeconds());
                figure("plain Kafka", "%.2f s for the same bytes", result.kafkaSeconds());
                figure("ratio", "%.2f", result.ratio());
                figure("moved", "%s", Sizes.text(result.bytes()));
                figure("zero runs", "%s", Sizes.text(result.zeroBytes()));
                figure("live writes", "%,d while it ran", result.writesDuring());
                figure("heap", "%,d MiB at most, of this whole process", result.peakHeapMiB());
            }
            return result.equal();
        }
    }

    /** {@code keepup bench catchup}. */
    @Command(
            name = "catchup",
            description = "Catch up a replica from the WAL, beside a plain Kafka consumer (about a minute).",
            mixinStandardHelpOptions = true)
    static final class CatchUp extends RecoveryBenches {
        @Option(
                names = "--bytes",
                paramLabel = "SIZE",
                converter = Sizes.class,
                defaultValue = "512MiB",
                description = "Data written while the replica is away (default: ${DEFAULT-VALUE}).")
        private long bytes;

        @Option(
                names = "--entry",
                paramLabel = "SIZE",
                converter = Sizes.class,
                defaultValue = "64KiB",
                description = "Size of one write (default: ${DEFAULT-VALUE}).")
        private long entry;

        @Override
        void check() {
            require(
                    entry >= BLOCK && entry <= MAX_ENTRY && entry % BLOCK == 0,
                    "--entry %d is not a multiple of %d up to 1MiB",
                    entry,
                    BLOCK);
            require(
                    bytes >= MIB && bytes % MIB == 0 && bytes % entry == 0,
                    "--bytes %d is not a multiple of 1MiB and of the entry",
                    bytes);
        }

        @Override
        boolean measure() {
            CatchUpBench.Result result =
                    CatchUpBench.run(new CatchUpBench.Plan(bytes, (int) entry, settings), System.err);
            if (json) {
                System.out.println(BenchCommand.json(result));
            } else {
                figure("catch-up", "%.2f s", result.catchUpSeconds());
                figure("plain Kafka", "%.2f s for the same records", result.kafkaSeconds());
                figure("ratio", "%.2f", result.ratio());
                figure("rounds", "%.2f to %.2f", result.leastRatio(), result.mostRatio());
                figure("tuned Kafka", "%.2f s, ratio %.2f", result.tunedKafkaSeconds(), result.tunedRatio());
                figure("applied", "%s", Sizes.text(result.bytes()));
                figure("heap", "%,d MiB at most, of this whole process", result.peakHeapMiB());
            }
            return result.equal();
        }
    }
}
