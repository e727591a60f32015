package io.keepup.cli.example;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.awaitility.Awaitility;

/** Another team's program as a process of its own. */
final class Program implements AutoCloseable {

    static final Duration LIMIT = Duration.ofSeconds(180);

    private final Process process;
    private final Path output;
    private final Path errors;

    private Program(Process process, Path output, Path errors) {
        this.process = process;
        this.output = output;
        this.errors = errors;
    }

    /** Skips the test where the command is missing, but fails it where {@code REQUIRE_CLIENTS=true} says that it must be there. */
    static void require(String... commands) {
        List<String> missing = Stream.of(commands).filter(c -> !onPath(c)).toList();
        if (Boolean.parseBoolean(System.getenv("REQUIRE_CLIENTS"))) {
            assertThat(missing)
                    .as("REQUIRE_CLIENTS=true needs these on the PATH")
                    .isEmpty();
        }
        assumeTrue(missing.isEmpty(), "not on the PATH: " + missing);
    }

    private static boolean onPath(String command) {
        return Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
                .anyMatch(directory -> Files.isExecutable(Path.of(directory, command)));
    }

    static Program start(Path directory, Map<String, String> environment, List<String> command) {
        try {
            Path output = Files.createTempFile("example-", ".out");
            Path errors = Files.createTempFile("example-", ".err");
            ProcessBuilder builder = new ProcessBuilder(command)
                    .directory(directory.toFile())
                    .redirectOutput(output.toFile())
                    .redirectError(errors.toFile());
            builder.environment().putAll(environment);
            return new Program(builder.start(), output, errors);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Runs to the end, which must be exit code 0; what it printed. */
    static List<String> run(Path directory, Map<String, String> environment, List<String> command)
            throws InterruptedException {
        try (Program program = start(directory, environment, command)) {
            assertThat(program.process.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS))
                    .as("%s ends: %s", command, program.said())
                    .isTrue();
            assertThat(program.process.exitValue())
                    .as("exit code of %s: %s", command, program.said())
                    .isZero();
            return program.lines();
        }
    }

    /** Whole lines printed so far. */
    List<String> lines() {
        String text = read(output);
        return text.substring(0, text.lastIndexOf('\n') + 1).lines().toList();
    }

    /** Waits until an assertion on the lines holds; the program must live meanwhile. */
    void await(String what, Consumer<List<String>> assertion) {
        Awaitility.await(what)
                .atMost(LIMIT)
                .pollInterval(Duration.ofMillis(200))
                .untilAsserted(() -> {
                    if (!process.isAlive()) {
                        throw new IllegalStateException(
                                "the program ended with %d: %s".formatted(process.exitValue(), said()));
                    }
                    assertion.accept(lines());
                });
    }

    private String said() {
        return read(errors);
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        process.destroyForcibly();
        try {
            Files.delete(output);
            Files.delete(errors);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
