package io.keepup.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Every part against a broker with SASL_SSL and ACLs, by a properties file each; and who has no rights is told so. */
@Timeout(240)
class SecuredClusterTest {

    private static final Duration LIMIT = Duration.ofSeconds(60);

    @TempDir
    private Path directory;

    private SecuredBroker kafka;

    @BeforeEach
    void start() throws Exception {
        kafka = SecuredBroker.start(directory);
    }

    @AfterEach
    void stop() {
        kafka.close();
    }

    @Test
    void every_part_does_its_work_with_its_own_login_and_no_more_rights_than_it_needs() throws Exception {
        assertThat(done("setup", "topics", "create")).contains("created  keepup.events.v1");
        assertThat(done("setup", "topics", "check")).contains("as they should be");
        try (KeepupProcess streams = part(
                        "the Streams app folds",
                        "streams",
                        "streams",
                        "--http",
                        0,
                        "--data",
                        directory.resolve("streams"));
                KeepupProcess primary = node("vs-1");
                KeepupProcess replica = node("vs-2")) {
            done(
                    "operator",
                    "assign",
                    "vol-1",
                    "--epoch",
                    1,
                    "--primary",
                    "vs-1",
                    "--replica",
                    "vs-2",
                    "--size",
                    "8MiB");
            byte[] data = new byte[1 << 20];
            new Random(1).nextBytes(data);
            Path file = Files.write(directory.resolve("data"), data);
            await("the primary to take a write")
                    .atMost(LIMIT)
                    .until(() ->
                            CommandRun.of("volume", "write", "vol-1", "--data", directory.resolve("vs-1"), "--in", file)
                                            .exit()
                                    == 0);
            awaitStatus("vol-1: publish_healthy");

            // a rebuild takes the base lane, its topic made and trimmed by the nodes
            done("operator", "rebuild", "vol-1", "vs-2", "--why", "to see it done");
            await("the rebuild").atMost(LIMIT).untilAsserted(() -> assertThat(done("operator", "events", "vol-1"))
                    .containsPattern("vs-2 rebuild session \\d+ completed"));
            awaitStatus("vol-1: publish_healthy");
            assertThat(done("operator", "audit", "--all", "--verify")).contains("proven");
            assertThat(done("operator", "sessions")).contains("rebuild");
            for (KeepupProcess part : List.of(streams, primary, replica)) {
                assertThat(part.errors()).doesNotContain("uthoriz", "uthentic");
            }
        }
    }

    @Test
    void who_has_no_rights_or_no_login_is_told_in_one_line_what_where_and_what_to_do() throws Exception {
        done("setup", "topics", "create");
        Path stranger = kafka.settingsOf(SecuredBroker.STRANGER);
        for (Object[] command : commands()) {
            CommandRun run = run(stranger, command);
            assertThat(run.exit()).as(run.err()).isEqualTo(1);
            assertThat(run.err())
                    .hasLineCount(1)
                    .startsWith("keepup: Kafka at " + kafka.bootstrap() + " refuses ")
                    .containsPattern("keepup\\.\\w+")
                    .endsWith(
                            "grant this login the ACLs that docs/operator.md lists, or put another one into the --config file");
        }
        Path wrong = kafka.settingsOf("operator", "guessed");
        for (Object[] command : commands()) {
            CommandRun run = run(wrong, command);
            assertThat(run.exit()).as(run.err()).isEqualTo(1);
            assertThat(run.err())
                    .hasLineCount(1)
                    .startsWith("keepup: Kafka at " + kafka.bootstrap() + " refuses who we are (")
                    .endsWith("put the right login, or keys, into the --config file");
        }
    }

    private List<Object[]> commands() {
        return List.of(
                new Object[] {"topics", "create"},
                new Object[] {"topics", "check"},
                new Object[] {"streams", "--http", 0, "--data", directory.resolve("none")},
                new Object[] {"node", "--id", "vs-9", "--data", directory.resolve("vs-9")},
                new Object[] {"assign", "vol-1", "--epoch", 1, "--primary", "vs-1", "--size", "8MiB"},
                new Object[] {"status"},
                new Object[] {"events", "vol-1"},
                new Object[] {"sessions"},
                new Object[] {"rebuild", "vol-1", "vs-2", "--why", "x"},
                new Object[] {"audit", "vol-1"},
                new Object[] {"audit", "--all", "--verify"});
    }

    private void awaitStatus(String headline) {
        await(headline).atMost(LIMIT).untilAsserted(() -> assertThat(done("operator", "status", "vol-1"))
                .startsWith(headline));
    }

    private KeepupProcess node(String id) throws IOException {
        return part("serves block I/O", "node", "node", "--id", id, "--data", directory.resolve(id));
    }

    private KeepupProcess part(String ready, String login, Object... command) throws IOException {
        return KeepupProcess.start(directory, with(kafka.settingsOf(login), command))
                .awaitOutput(ready);
    }

    /** What a command printed that did what it was told. */
    private String done(String login, Object... command) throws IOException {
        CommandRun run = run(kafka.settingsOf(login), command);
        assertThat(run.exit()).as("%s: %s", List.of(command), run.err()).isZero();
        return run.out();
    }

    private CommandRun run(Path settings, Object... command) {
        return CommandRun.of(with(settings, command));
    }

    private Object[] with(Path settings, Object... command) {
        List<Object> arguments = new ArrayList<>(List.of(command));
        arguments.addAll(
                List.of("--bootstrap", kafka.bootstrap(), "--registry", kafka.registryUrl(), "--config", settings));
        return arguments.toArray();
    }
}
