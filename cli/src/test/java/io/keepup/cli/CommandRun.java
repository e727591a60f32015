package io.keepup.cli;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.stream.Stream;

/**
 * One run of the {@code keepup} command in this JVM.
 *
 * @param exit 0, 1 or 2
 * @param out what it printed
 * @param err what it complained of
 */
public record CommandRun(int exit, String out, String err) {

    /** Runs a command to its end against a cluster. */
    public static CommandRun on(ClusterOptions cluster, Object... arguments) {
        return of(Stream.concat(
                        Stream.of(arguments),
                        Stream.of("--bootstrap", cluster.bootstrap, "--registry", cluster.registry))
                .toArray());
    }

    /** Runs a command to its end. */
    public static CommandRun of(Object... arguments) {
        StringWriter err = new StringWriter();
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        PrintStream before = System.out;
        System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
        try {
            int exit = Keepup.commandLine()
                    .setErr(new PrintWriter(err))
                    .execute(Stream.of(arguments).map(Object::toString).toArray(String[]::new));
            return new CommandRun(
                    exit,
                    printed.toString(StandardCharsets.UTF_8),
                    err.toString().strip());
        } finally {
            System.setOut(before);
        }
    }
}
