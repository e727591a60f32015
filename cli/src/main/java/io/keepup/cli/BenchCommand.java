package io.keepup.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.keepup.bench.EngineBench;
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
            RecoveryBenches.Rebuild.class,
            RecoveryBenches.CatchUp.class
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
                System.out.println(json(result));
                return;
            }
            System.out.printf("guard and step  %,12d events/s%n", result.eventsPerSecond());
            System.out.printf("step alone      %,12d events/s%n", result.stepOnlyPerSecond());
            System.out.printf("allocation      %,12.0f bytes/event%n", result.bytesPerEvent());
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
