package io.keepup.cli;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A {@code keepup} command as a process of its own, its output in files. */
public final class KeepupProcess implements AutoCloseable {

    private static final Duration LIMIT = Duration.ofSeconds(60);

    private final Process process;
    private final Path output;
    private final Path errors;

    private KeepupProcess(Process process, Path output, Path errors) {
        this.process = process;
        this.output = output;
        this.errors = errors;
    }

    public static KeepupProcess start(Path directory, Object... arguments) {
        return start(directory, Map.of(), arguments);
    }

    /** @param environment variables set for it, beside those of this process */
    public static KeepupProcess start(Path directory, Map<String, String> environment, Object... arguments) {
        return start(directory, List.of("-cp", System.getProperty("java.class.path")), environment, arguments);
    }

    /** @param options of the JVM */
    static KeepupProcess with(List<String> options, Path directory, Object... arguments) {
        List<String> java = new ArrayList<>(List.of("-cp", System.getProperty("java.class.path")));
        java.addAll(options);
        return start(directory, java, arguments);
    }

    /** @param java options of the JVM, the class path among them */
    static KeepupProcess start(Path directory, List<String> java, Object... arguments) {
        return start(directory, java, Map.of(), arguments);
    }

    /** With so many files open at most, as {@code ulimit -n} sets it. */
    static KeepupProcess limited(int openFiles, Path directory, Object... arguments) {
        return start(
                directory,
                List.of("bash", "-c", "ulimit -n " + openFiles + "; exec \"$@\"", "bash"),
                List.of("-cp", System.getProperty("java.class.path")),
                Map.of(),
                arguments);
    }

    /** @param environment variables set for it, beside those of this process */
    static KeepupProcess start(
            Path directory, List<String> java, Map<String, String> environment, Object... arguments) {
        return start(directory, List.of(), java, environment, arguments);
    }

    private static KeepupProcess start(
            Path directory,
            List<String> before,
            List<String> java,
            Map<String, String> environment,
            Object... arguments) {
        try {
            Path output = Files.createTempFile(directory, "keepup-", ".out");
            Path errors = Files.createTempFile(directory, "keepup-", ".err");
            List<String> command = new ArrayList<>(before);
            command.addAll(List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-XX:TieredStopAtLevel=1",
                    "-XX:+UseSerialGC",
                    "-Xmx512m"));
            if (Runtime.version().feature() >= 23) {
                command.add("--sun-misc-unsafe-memory-access=allow"); // as the launcher does
            }
            command.addAll(java);
            command.add(Keepup.class.getName());
            for (Object argument : arguments) {
                command.add(argument.toString());
            }
            ProcessBuilder builder =
                    new ProcessBuilder(command).redirectError(errors.toFile()).redirectOutput(output.toFile());
            builder.environment().putAll(environment);
            return new KeepupProcess(builder.start(), output, errors);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Runs a command to its end and returns what it printed; fails when it does not exit 0. */
    static String run(Path directory, Object... arguments) throws InterruptedException {
        return run(List.of(), directory, arguments);
    }

    /** @param options of the JVM */
    static String run(List<String> options, Path directory, Object... arguments) throws InterruptedException {
        try (KeepupProcess process = with(options, directory, arguments)) {
            int exit = process.exit();
            if (exit != 0) {
                throw new AssertionError("exit " + exit + " of " + List.of(arguments) + ": " + process.all());
            }
            return process.output();
        }
    }

    /** Standard output so far. */
    public String output() {
        return text(output);
    }

    /** Standard error so far. */
    public String errors() {
        return text(errors);
    }

    private String all() {
        return text(output) + text(errors);
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public KeepupProcess awaitOutput(String text) {
        await("'" + text + "' in the output of the process").atMost(LIMIT).until(() -> {
            if (!process.isAlive() && !output().contains(text)) {
                throw new AssertionError("the process ended with " + process.exitValue() + ": " + all());
            }
            return output().contains(text);
        });
        return this;
    }

    public int exit() throws InterruptedException {
        if (!process.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS)) {
            throw new AssertionError("still running after " + LIMIT + ": " + all());
        }
        return process.exitValue();
    }

    /** kill -9. */
    public void kill() throws InterruptedException {
        process.destroyForcibly();
        exit();
    }

    /** SIGTERM, and its end awaited. */
    public void stop() throws InterruptedException {
        process.destroy();
        exit();
    }

    /** SIGSTOP: it does nothing more, and its connections stay open. */
    public void pause() {
        signal("STOP");
    }

    /** SIGCONT, after {@link #pause()}. */
    public void resume() {
        signal("CONT");
    }

    private void signal(String name) {
        try {
            int exit = new ProcessBuilder("kill", "-" + name, String.valueOf(process.pid()))
                    .inheritIO()
                    .start()
                    .waitFor();
            if (exit != 0) {
                throw new AssertionError("the process takes no SIG" + name + ": " + all());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted while sending SIG" + name, e);
        }
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
