package io.keepup.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.keepup.bench.EngineBench;
import io.keepup.bench.fold.ReplayBench;
import io.keepup.bench.write.WriteBench;
import java.nio.file.Path;
import java.util.Locale;
import java.util.TreeSet;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code keepup bench}: one subcommand for each thing to measure. */
@Command(
        name = "bench",
        description = "Measure Keepup on this machine.",
        mixinStandardHelpOptions = true,
        subcommands = {
            BenchCommand.Engine.class,
            FoldBenches.Streams.class,
            FoldBenches.Kill.class,
            BenchCommand.Replay.class,
            FoldBenches.Audit.class,
            RecoveryBenches.Rebuild.class,
            RecoveryBenches.CatchUp.class,
            BenchCommand.Write.class,
            SimulateCommand.class
        })
final class BenchCommand implements Runnable {

    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(
                spec.commandLine(),
                "say which: "
                        + String.join(", ", new TreeSet<>(spec.subcommands().keySet())));
    }

    /** Guard and step of the engine, by JMH. */
    @Command(
            name = "engine",
            description = "Events a second through guard and step, on one thread (about 40 s).",
            mixinStandardHelpOptions = true)
    static final class Engine implements Runnable {
        @Option(names = "--json", description = "Print JSON.")
        private boolean json;

        @Override
        public void run() {
            EngineBench.Result result = EngineBench.run(System.err);
            if (json) {
                System.out.println(BenchCommand.json(result));
                return;
            }
            System.out.printf(Locale.ROOT, "guard and step  %,12d events/s%n", result.eventsPerSecond());
            System.out.printf(Locale.ROOT, "step alone      %,12d events/s%n", result.stepOnlyPerSecond());
            System.out.printf(Locale.ROOT, "allocation      %,12.0f bytes/event%n", result.bytesPerEvent());
        }
    }

    /** Decode and fold, as an audit does, by JMH. */
    @Command(
            name = "replay",
            description = "Events a second that an audit replays, on one thread (about 40 s).",
            mixinStandardHelpOptions = true)
    static final class Replay implements Runnable {
        @Option(names = "--json", description = "Print JSON.")
        private boolean json;

        @Override
        public void run() {
            ReplayBench.Result result = ReplayBench.run(System.err);
            if (json) {
                System.out.println(BenchCommand.json(result));
                return;
            }
            System.out.printf(Locale.ROOT, "decode and fold %,12d events/s%n", result.replayPerSecond());
            System.out.printf(Locale.ROOT, "and its outputs %,12d events/s%n", result.replayWithOutputsPerSecond());
            System.out.printf(Locale.ROOT, "allocation      %,12.0f bytes/event%n", result.bytesPerEvent());
        }
    }

    /** Durable writes to a volume against a plain file. */
    @Command(
            name = "write",
            description = "Durable writes to a volume against a plain file with the same fsyncs (about 40 s).",
            mixinStandardHelpOptions = true)
    static final class Write implements Runnable {
        @Option(names = "--json", description = "Print JSON.")
        private boolean asJson;

        @Option(
                names = "--dir",
                paramLabel = "DIR",
                description = "Directory on the disk to measure, with 2 GiB free (default: ~/.keepup).")
        private Path directory = Defaults.home();

        @Override
        public void run() {
            WriteBench.Result result = WriteBench.run(directory, System.err);
            if (asJson) {
                System.out.println(json(result));
                return;
            }
            System.out.println("block  write  threads  bytes/fsync  volume MB/s  file MB/s  ratio");
            for (WriteBench.Measured m : result.cases()) {
                WriteBench.Case c = m.written();
                System.out.printf(
                        Locale.ROOT,
                        "%5d %7d %7d %11d %12.1f %10.1f %6.2f%n",
                        c.blockSize(),
                        c.writeBytes(),
                        c.threads(),
                        m.bytesPerFsync(),
                        c.bytes() / m.volumeSeconds() / 1e6,
                        c.bytes() / m.fileChannelSeconds() / 1e6,
                        m.ratio());
            }
            System.out.printf(
                    Locale.ROOT,
                    "all: ratio %.2f, %.2f s against %.2f s, at most %d MiB of heap%n",
                    result.ratio(),
                    result.volumeSeconds(),
                    result.fileChannelSeconds(),
                    result.peakHeapMiB());
        }
    }

    static String json(Object result) {
        try {
            return new ObjectMapper().writeValueAsString(result);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }
}
