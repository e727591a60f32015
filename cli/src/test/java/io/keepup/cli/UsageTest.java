package io.keepup.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;

/** Bad input: each one clear line, exit 2 for wrong usage, exit 1 for what failed. */
class UsageTest {

    private static final int NOBODY = 1; // a port on which nothing listens

    @TempDir
    private Path directory;

    private record Result(int exit, String err) {}

    private static Result run(Object... arguments) {
        StringWriter err = new StringWriter();
        int exit = Keepup.commandLine()
                .setErr(new PrintWriter(err))
                .execute(Stream.of(arguments).map(Object::toString).toArray(String[]::new));
        return new Result(exit, err.toString().strip());
    }

    static Stream<Arguments> wrong_usage() {
        return Stream.of(
                Arguments.of("Unknown option: '--nope'", new Object[] {"status", "--nope"}),
                Arguments.of("Unmatched argument", new Object[] {"statsu"}),
                Arguments.of("Missing required option: '--epoch", new Object[] {"assign", "v", "--primary", "a"}),
                Arguments.of(
                        "'a/b' is not a volume id: use 1 to 100 letters",
                        new Object[] {"assign", "a/b", "--epoch", 1, "--primary", "vs-1"}),
                Arguments.of(
                        "'a b' is not a volume id", new Object[] {"assign", "a b", "--epoch", 1, "--primary", "vs-1"}),
                Arguments.of("'v s' is not a node id", new Object[] {"node", "--id", "v s", "--data", "/tmp/nothing"}),
                Arguments.of(
                        "--size 4097 is not a positive multiple of the block size 4096",
                        new Object[] {"assign", "v", "--epoch", 1, "--primary", "vs-1", "--size", "4097"}),
                Arguments.of(
                        "'64 apples' is not a size: write it like 4096, 64MiB or 1GiB",
                        new Object[] {"assign", "v", "--epoch", 1, "--primary", "vs-1", "--size", "64 apples"}),
                Arguments.of(
                        "--epoch must be 1 or more", new Object[] {"assign", "v", "--epoch", 0, "--primary", "vs-1"}),
                Arguments.of(
                        "node vs-1 is named twice",
                        new Object[] {"assign", "v", "--epoch", 1, "--primary", "vs-1", "--replica", "vs-1"}),
                Arguments.of("--size 1000 is not a multiple", new Object[] {"demo", "--size", "1000"}),
                Arguments.of("Missing required option: '--why", new Object[] {"rebuild", "v", "vs-2"}),
                Arguments.of("'7' is not a session: write it like vol-1/7", new Object[] {"cancel", "7", "--why", "x"}),
                Arguments.of("say which: create, check or list", new Object[] {"topics"}),
                Arguments.of("say which: write, read, checksum or scrub", new Object[] {"volume"}),
                Arguments.of("say which: audit, catchup, engine", new Object[] {"bench"}),
                Arguments.of("--size 1000 is not a multiple", new Object[] {"bench", "rebuild", "--size", 1000}),
                Arguments.of("--fill 1.5 is not between 0 and 1", new Object[] {"bench", "rebuild", "--fill", 1.5}),
                Arguments.of("expected one of [random, zeros]", new Object[] {"bench", "rebuild", "--data", "x"}),
                Arguments.of(
                        "--entry 100 is not a multiple of 4096", new Object[] {"bench", "catchup", "--entry", 100}),
                Arguments.of("--kills must be 1 or more", new Object[] {"bench", "kill", "--kills", 0}),
                Arguments.of(
                        "--events must be 10 or more for each volume",
                        new Object[] {"bench", "audit", "--events", 99, "--volumes", 10}),
                Arguments.of("'a b' is not a volume id", new Object[] {"events", "a b"}),
                Arguments.of("'a b' is not a volume id", new Object[] {"audit", "a b"}),
                Arguments.of("say which volume", new Object[] {"audit", "--verify"}),
                Arguments.of("--all goes with --verify only", new Object[] {"audit", "--all"}),
                Arguments.of("give a volume or --all, not both", new Object[] {"audit", "v", "--all", "--verify"}),
                Arguments.of("choose one", new Object[] {"audit", "v", "--verify", "--explain", 3}),
                Arguments.of("'noon' is no moment: write an offset", new Object[] {"audit", "v", "--until", "noon"}),
                Arguments.of("--policy is safe or reference", new Object[] {"audit", "v", "--policy", "best"}),
                Arguments.of("copy the --from file instead", new Object[] {"audit", "--from", "a", "--export", "b"}),
                Arguments.of("'soon' is no time: write it like 30m", new Object[] {"sessions", "--since", "soon"}),
                Arguments.of("'a b' is not a volume id", new Object[] {"sessions", "--volume", "a b"}),
                Arguments.of("'a b' is not a volume id", new Object[] {"status", "a b"}),
                Arguments.of(
                        "'99999999999TiB' is more than can be counted in bytes",
                        new Object[] {"assign", "v", "--epoch", 1, "--primary", "a", "--size", "99999999999TiB"}),
                Arguments.of("'99999' is not a port: give 1 to 65535", new Object[] {"demo", "--http", 99_999}),
                Arguments.of("'-1' is not a port", new Object[] {"up", "--kafka", -1}),
                Arguments.of("'x' is not a port", new Object[] {"streams", "--http", "x"}),
                Arguments.of("'nonsense' is not a URL", new Object[] {"status", "--registry", "nonsense"}),
                Arguments.of(
                        "--report /nowhere/at/all/r.json cannot be written",
                        new Object[] {"demo", "--report", "/nowhere/at/all/r.json"}),
                Arguments.of(
                        "--blocks must be 1 or more",
                        new Object[] {"volume", "read", "v", "--data", "/tmp/nothing", "--blocks", 0}),
                Arguments.of(
                        "--lba must be 0 or more",
                        new Object[] {"volume", "write", "v", "--data", "/tmp/nothing", "--lba", -1}),
                Arguments.of("keepup: Missing required argument", new Object[] {"volume", "checksum", "v"}));
    }

    @ParameterizedTest
    @MethodSource
    void wrong_usage(String message, Object[] arguments) {
        Result result = run(arguments);
        assertThat(result.exit()).isEqualTo(2);
        assertThat(result.err()).startsWith("keepup: ").contains(message);
    }

    @Test
    void the_bare_name_says_what_there_is() {
        Result result = run();
        assertThat(result.exit()).isEqualTo(2);
        assertThat(result.err()).startsWith("Usage: keepup").contains("  demo ");
    }

    static Stream<Arguments> no_broker() {
        return Stream.of(
                Arguments.of((Object) new Object[] {"status"}),
                Arguments.of((Object) new Object[] {"audit", "v"}),
                Arguments.of((Object) new Object[] {"sessions"}),
                Arguments.of((Object) new Object[] {"streams", "--http", 0}),
                Arguments.of((Object) new Object[] {"node", "--id", "vs-1", "--data", "."}),
                Arguments.of((Object) new Object[] {"assign", "v", "--epoch", 1, "--primary", "vs-1"}));
    }

    @ParameterizedTest
    @MethodSource
    @Timeout(15)
    void no_broker(Object[] arguments) throws IOException {
        Object[] all = Stream.concat(Stream.of(arguments), Stream.of("--bootstrap", "127.0.0.1:" + NOBODY))
                .map(a -> a.equals(".") ? directory.resolve("node") : a)
                .toArray();
        long begin = System.nanoTime();
        Result result = run(all);
        assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(12));
        assertThat(result.exit()).isEqualTo(1);
        assertThat(result.err()).hasLineCount(1).startsWith("keepup: no Kafka broker answers at 127.0.0.1:" + NOBODY);
    }

    @Test
    @Timeout(30)
    void settings_that_Kafka_does_not_take_are_not_mistaken_for_a_broker_that_is_away() throws IOException {
        Path slow = Files.writeString(directory.resolve("slow.properties"), "request.timeout.ms=6000\n");
        assertThat(run("status", "--config", slow, "--bootstrap", "127.0.0.1:" + NOBODY)
                        .err())
                .startsWith("keepup: no Kafka broker answers");
        Path wrong = Files.writeString(directory.resolve("wrong.properties"), "security.protocol=SASL\n");
        Result result = run("status", "--config", wrong, "--bootstrap", "127.0.0.1:" + NOBODY);
        assertThat(result.exit()).isEqualTo(1);
        assertThat(result.err())
                .hasLineCount(1)
                .startsWith("keepup: no Kafka client can be made for 127.0.0.1:" + NOBODY)
                .contains("the settings in " + wrong, "security.protocol");
    }

    @Test
    void a_file_that_is_no_audit_is_refused_in_one_line() throws IOException {
        Path file = Files.writeString(directory.resolve("text"), "no audit");
        Result result = run("audit", "--from", file);
        assertThat(result.exit()).isEqualTo(1);
        assertThat(result.err()).hasLineCount(1).contains(file + " is no exported audit");
        assertThat(run("audit", "--from", directory.resolve("none")).err())
                .isEqualTo("keepup: there is no file " + directory.resolve("none"));
    }

    @Test
    void port_in_use() throws IOException {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            for (String option : new String[] {"--kafka", "--registry", "--http"}) {
                Object[] arguments = {
                    "up", "--data", directory.resolve(option), "--kafka", 0, "--registry", 0, "--http", 0
                };
                for (int i = 0; i < arguments.length; i++) {
                    if (arguments[i].equals(option)) {
                        arguments[i + 1] = taken.getLocalPort();
                    }
                }
                Result result = run(arguments);
                assertThat(result.exit()).as(option).isEqualTo(1);
                assertThat(result.err())
                        .as(option)
                        .hasLineCount(1)
                        .contains(String.valueOf(taken.getLocalPort()))
                        .contains("port ", "choose another one with " + option);
                assertThat(directory.resolve(option)).as("nothing was begun").doesNotExist();
            }
        }
    }

    @Test
    void a_port_in_use_is_said_before_a_cluster_is_looked_for() throws IOException {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            int port = taken.getLocalPort();
            assertThat(run("demo", "--exit", "--http", port).err())
                    .hasLineCount(1)
                    .contains("port " + port);
            Result streams = run("streams", "--http", port, "--bootstrap", "127.0.0.1:" + NOBODY);
            assertThat(streams.exit()).isEqualTo(1);
            assertThat(streams.err()).hasLineCount(1).contains("port " + port);
        }
    }

    @Test
    void data_directory_not_writable() throws IOException {
        Path file = Files.writeString(directory.resolve("file"), "");
        Result result = run("up", "--data", file.resolve("sub"), "--kafka", 0, "--registry", 0, "--http", 0);
        assertThat(result.exit()).isEqualTo(1);
        assertThat(result.err()).hasLineCount(1).contains(file.toString());
    }

    @Test
    void data_directory_of_another_version() throws IOException {
        Path data = Files.createDirectory(directory.resolve("other"));
        Files.writeString(data.resolve("VERSION"), "keepup-data 99\n");
        Result result = run("up", "--data", data, "--kafka", 0, "--registry", 0, "--http", 0);
        assertThat(result.exit()).isEqualTo(1);
        assertThat(result.err()).hasLineCount(1).contains("keepup-data 99").contains(data.toString());
    }

    @Test
    void every_command_has_help_within_100_columns() {
        everyCommand(Keepup.commandLine()).forEach(command -> {
            String help = command.getUsageMessage(CommandLine.Help.Ansi.OFF);
            assertThat(help.lines()).as(command.getCommandName()).allMatch(line -> line.length() <= 100);
            assertThat(command.getCommandSpec().usageMessage().description())
                    .as(command.getCommandName())
                    .isNotEmpty();
        });
    }

    @Test
    void the_catalogue_of_topics_fits_100_columns_and_says_how_long_records_are_kept() {
        CommandRun listed = CommandRun.of("topics", "list");
        assertThat(listed.exit()).isZero();
        assertThat(listed.out().lines())
                .allMatch(line -> line.length() <= 100)
                .anyMatch(line -> line.startsWith("keepup.events.v1 ") && line.endsWith(" for ever"))
                .anyMatch(line -> line.startsWith("keepup.wal.<volume>.v1 ") && line.endsWith(" until not needed"));
    }

    private static Stream<CommandLine> everyCommand(CommandLine command) {
        return Stream.concat(
                Stream.of(command), command.getSubcommands().values().stream().flatMap(UsageTest::everyCommand));
    }
}
