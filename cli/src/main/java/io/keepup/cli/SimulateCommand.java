package io.keepup.cli;

import io.keepup.bench.simulate.Simulator;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.ThreadLocalRandom;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.core.config.Configurator;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code keepup bench simulate}: histories of real nodes and the real fold from a seed, with faults, in virtual time. */
@Command(
        name = "simulate",
        description = "Tell histories full of faults, in virtual time, and check the protocol's invariants.",
        mixinStandardHelpOptions = true)
final class SimulateCommand implements Callable<Integer> {

    private static final long QUIET_NANOS = Duration.ofSeconds(2).toNanos();

    @Spec
    private CommandSpec spec;

    @Option(names = "--histories", defaultValue = "1000", description = "How many (default: ${DEFAULT-VALUE}).")
    private int histories;

    @Option(names = "--seed", description = "The same seed tells the same histories (default: a new one).")
    private Long seed;

    @Option(names = "--json", description = "Print JSON.")
    private boolean json;

    private long started;
    private long shown;

    @Override
    public Integer call() {
        if (histories < 1) {
            throw new ParameterException(spec.commandLine(), "--histories must be 1 or more, not " + histories);
        }
        if (System.getenv("KEEPUP_LOG") == null) {
            Configurator.setLevel("io.keepup", Level.OFF); // what goes wrong goes wrong on purpose
        }
        long from = seed == null ? ThreadLocalRandom.current().nextLong(Long.MAX_VALUE) : seed;
        started = System.nanoTime();
        Simulator.Report report = new Simulator().run(histories, from, this::told);
        if (json) {
            System.out.println(BenchCommand.json(report));
        } else {
            System.out.printf(
                    Locale.ROOT,
                    "%,d histories of seed %d, %.1f a second, violations: %d%n",
                    report.histories(),
                    report.seed(),
                    report.historiesPerSecond(),
                    report.violations());
            report.faults().forEach((kind, count) -> System.out.printf(Locale.ROOT, "  %-20s %,10d%n", kind, count));
            System.out.print(report.story());
        }
        return report.violations() == 0 ? 0 : 1;
    }

    private synchronized void told(int told, int of) {
        long now = System.nanoTime();
        if (now - started < QUIET_NANOS || now - shown < QUIET_NANOS) {
            return;
        }
        shown = now;
        System.err.printf(
                Locale.ROOT,
                "%,d of %,d histories, %d s left%n",
                told,
                of,
                (now - started) / told * (of - told) / 1_000_000_000);
    }
}
