package io.keepup.cli;

import static org.assertj.core.api.Assertions.as;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.STRING;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Real processes whose start breaks off in the middle, when parts of it run already: each ends, with one line and exit code 1. */
@Timeout(120)
class BrokenStartTest {

    @TempDir
    private static Path shared;

    private static LocalCluster cluster;

    @TempDir
    private Path directory;

    @BeforeAll
    static void start_a_cluster_for_those_that_need_one() {
        cluster = LocalCluster.start(shared.resolve("cluster"), 0, 0, 0, what -> {});
    }

    @AfterAll
    static void stop_the_cluster() {
        cluster.close();
    }

    /** What cannot be loaded, and the command that needs it only after other parts of it run. */
    static Stream<Arguments> commands() {
        return Stream.of(
                Arguments.of(
                        "io/keepup/streams/state/volume-state-1.avsc",
                        List.of("up", "--data", "data", "--kafka", "0", "--registry", "0", "--http", "0")),
                Arguments.of(
                        "io/keepup/streams/fold/Decider.class", List.of("streams", "--data", "data", "--http", "0")),
                Arguments.of(
                        "io/keepup/node/command/CommandIntake.class",
                        List.of("node", "--id", "vs-1", "--data", "data")),
                Arguments.of("io/keepup/cli/rig/Nodes.class", List.of("demo", "--http", "0")));
    }

    @ParameterizedTest
    @MethodSource("commands")
    void S_F2_a_start_that_an_error_breaks_off_ends_with_one_line(String unreadable, List<String> command)
            throws Exception {
        Path broken = directory.resolve("broken").resolve(unreadable);
        Files.createDirectories(broken.getParent());
        Files.writeString(broken, "not what should be here");

        assertEndsWithOneLine(
                start(directory.resolve("broken") + File.pathSeparator, command),
                "keepup: cannot run 'keepup " + command.getFirst() + "': a part of this build does not load (");
    }

    /** @param before what comes first on the class path */
    private KeepupProcess start(String before, List<String> command) {
        Stream<String> arguments = command.stream()
                .map(argument ->
                        argument.equals("data") ? directory.resolve(argument).toString() : argument);
        if (List.of("streams", "node").contains(command.getFirst())) {
            arguments = Stream.concat(
                    arguments, Stream.of("--bootstrap", cluster.bootstrap(), "--registry", cluster.registryUrl()));
        }
        return KeepupProcess.start(
                directory, List.of("-cp", before + System.getProperty("java.class.path")), arguments.toArray());
    }

    private static void assertEndsWithOneLine(KeepupProcess process, String start) throws InterruptedException {
        try (process) {
            assertThat(process.exit()).isEqualTo(1);
            assertThat(process.errors().lines().filter(line -> !line.startsWith("waiting for ")))
                    .singleElement(as(STRING))
                    .startsWith(start);
        }
    }
}
