package io.keepup.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Broker, nodes and commands as separate processes, killed and restarted, the way people run them. */
@Timeout(600)
class ProcessesTest {

    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    private Path directory;

    private final int kafka = freePort();
    private final int registry = freePort();
    private final int http = freePort();
    private final String bootstrap = "127.0.0.1:" + kafka;
    private final String registryUrl = "http://127.0.0.1:" + registry;

    @Test
    void a_volume_survives_a_killed_node_and_a_restarted_cluster() throws Exception {
        KeepupProcess up = up();
        KeepupProcess primary = node("vs-1");
        KeepupProcess replica = node("vs-2");
        try {
            run("assign", "vol-1", "--epoch", 1, "--primary", "vs-1", "--replica", "vs-2", "--size", "8MiB");
            write(1);
            awaitStatus("publish_healthy");

            // a replica killed with -9 recovers its volume from disk and comes back to keep-up
            replica.kill();
            write(2);
            replica = node("vs-2");
            awaitStatus("publish_healthy");
            awaitEqualCopies();

            // so does a primary
            primary.kill();
            primary = node("vs-1");
            write(3);
            awaitStatus("publish_healthy");
            awaitEqualCopies();
            long head = status().path("walHead").asLong();

            // an operator has a replica rebuilt
            run("rebuild", "vol-1", "vs-2", "--why", "to see it done");
            await("the rebuild in the events").atMost(LIMIT).untilAsserted(() -> assertThat(run("events", "vol-1"))
                    .containsPattern("vs-2 rebuild session \\d+ completed"));
            awaitStatus("publish_healthy");
            awaitEqualCopies();

            // an assignment of an old epoch is refused, and the log says so
            run("assign", "vol-1", "--epoch", 2, "--primary", "vs-1", "--replica", "vs-2");
            awaitStatus("publish_healthy");
            assign(1, "vs-2");
            await("the refusal in the events").atMost(LIMIT).untilAsserted(() -> assertThat(run("events", "vol-1"))
                    .contains("✗ stale_epoch"));

            // the cluster stopped and started again on the same directory has all its topics, state and volumes
            primary.stop();
            replica.stop();
            assertThat(checksum("vs-2")).as("of copies that no node serves").isEqualTo(checksum("vs-1"));
            String events = run("events", "vol-1");
            up.stop();
            up = up();
            assertThat(run("events", "vol-1")).startsWith(events);
            assertThat(status().path("walHead").asLong()).isGreaterThanOrEqualTo(head);
            primary = node("vs-1");
            replica = node("vs-2");
            write(4);
            awaitStatus("publish_healthy");
            awaitEqualCopies();
        } finally {
            primary.close();
            replica.close();
            up.close();
        }
    }

    /** What a master that lags behind would say; the command itself would not. */
    private void assign(long epoch, String primary) {
        ClusterOptions cluster = new ClusterOptions(bootstrap, registryUrl);
        try (var producer = cluster.producer()) {
            new Assignments("vol-1", epoch, primary, List.of(), List.of(), 0, 0, "master")
                    .publish(producer, cluster.codec());
        }
    }

    @Test
    void a_demo_told_to_end_in_mid_story_ends_at_once_and_leaves_nothing() throws Exception {
        try (KeepupProcess demo =
                KeepupProcess.start(directory, "demo", "--http", 0).awaitOutput("vs-2 stops")) {
            demo.stop();
            assertThat(demo.output()).doesNotContain("proof");
            String work = demo.output().lines().findFirst().orElseThrow().replaceFirst(".* start in ", "");
            assertThat(Path.of(work)).doesNotExist();
        }
    }

    @Test
    void a_cluster_told_to_end_while_it_starts_ends_and_has_nothing_to_complain_of() throws Exception {
        try (KeepupProcess starting = KeepupProcess.start(
                        directory,
                        "up",
                        "--data",
                        directory.resolve("up"),
                        "--kafka",
                        kafka,
                        "--registry",
                        registry,
                        "--http",
                        http)
                .awaitOutput("starting broker")) {
            starting.stop();
            assertThat(starting.errors()).doesNotContain(" ERROR ", " WARN ");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"up --kafka 0 --registry 0 --http 0", "bench write"})
    void S_F17_what_is_kept_goes_below_HOME_whatever_the_accounts_own_directory_is(String command) throws Exception {
        // one in which nobody can make anything, not even root
        try (KeepupProcess process =
                KeepupProcess.start(directory, Map.of("HOME", "/proc/keepup"), (Object[]) command.split(" "))) {
            assertThat(process.exit()).isEqualTo(1);
            assertThat(process.errors()).contains("/proc/keepup/.keepup");
        }
    }

    /** A directory as it is after mkfs and mount. */
    private Path fresh(String name) {
        try {
            Files.createDirectories(directory.resolve(name).resolve("lost+found"));
            return directory.resolve(name);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @Test
    void S_F1_S_F2_a_cluster_and_a_node_under_another_locale_and_time_zone_do_as_they_do_elsewhere() throws Exception {
        List<String> elsewhere = List.of(
                "-Duser.language=fa",
                "-Duser.country=IR",
                "-Duser.timezone=Asia/Tehran",
                "-Dfile.encoding=COMPAT",
                "-Dstdout.encoding=US-ASCII");
        List<String> here = List.of();
        KeepupProcess up = up(elsewhere);
        KeepupProcess node = node("vs-1", elsewhere);
        try {
            assertThat(up.output()).contains("starting broker, registry and Streams app on " + directory + "/up …");
            run(elsewhere, "assign", "vol-1", "--epoch", 1, "--primary", "vs-1", "--size", "8MiB");
            write(1);
            String checksum = checksum("vs-1");
            try (Stream<Path> files = Files.walk(directory)) {
                assertThat(files.map(file -> directory.relativize(file).toString()))
                        .anyMatch(file -> file.startsWith("up/kafka/log/keepup.events.v1-0/0000"))
                        .anyMatch(file -> file.endsWith("/wal/00000000000000000001.wal"))
                        .allMatch(StandardCharsets.US_ASCII.newEncoder()::canEncode);
            }

            node.kill();
            node = node("vs-1", here);
            await("the volume with all that was acknowledged")
                    .atMost(LIMIT)
                    .ignoreExceptions()
                    .untilAsserted(() -> assertThat(checksum("vs-1")).isEqualTo(checksum));
            await("the same text, between two events of the node").atMost(LIMIT).untilAsserted(() -> assertThat(
                            run(elsewhere, "events", "vol-1"))
                    .isEqualTo(run(here, "events", "vol-1")));
        } finally {
            node.close();
            up.close();
        }
    }

    private KeepupProcess up() {
        return up(List.of());
    }

    /** @param options of the JVM */
    private KeepupProcess up(List<String> options) {
        return KeepupProcess.with(
                        options,
                        directory,
                        "up",
                        "--data",
                        fresh("up"),
                        "--kafka",
                        kafka,
                        "--registry",
                        registry,
                        "--http",
                        http)
                .awaitOutput("up; next");
    }

    private KeepupProcess node(String id) {
        return node(id, List.of());
    }

    private KeepupProcess node(String id, List<String> options) {
        return KeepupProcess.with(
                        options,
                        directory,
                        "node",
                        "--id",
                        id,
                        "--data",
                        fresh(id),
                        "--bootstrap",
                        bootstrap,
                        "--registry",
                        registryUrl)
                .awaitOutput("serves block I/O");
    }

    /** Runs a command against the cluster. */
    private String run(Object... arguments) throws InterruptedException {
        return run(List.of(), arguments);
    }

    private String run(List<String> options, Object... arguments) throws InterruptedException {
        Object[] all = java.util.Arrays.copyOf(arguments, arguments.length + 4);
        System.arraycopy(
                new Object[] {"--bootstrap", bootstrap, "--registry", registryUrl}, 0, all, arguments.length, 4);
        return KeepupProcess.run(options, directory, all);
    }

    private JsonNode status() throws InterruptedException, IOException {
        return JSON.readTree(run("status", "vol-1", "--json"));
    }

    private void awaitStatus(String mode) {
        await("mode " + mode).atMost(LIMIT).ignoreExceptions().untilAsserted(() -> assertThat(
                        status().path("mode").asText())
                .isEqualTo(mode));
    }

    /** Writes 64 KiB through the primary as soon as it takes writes. */
    private void write(int seed) throws IOException {
        byte[] data = new byte[64 << 10];
        new Random(seed).nextBytes(data);
        Path file = Files.write(directory.resolve("data-" + seed), data);
        await("the primary to take a write").atMost(LIMIT).ignoreExceptions().until(() -> KeepupProcess.run(
                        directory,
                        "volume",
                        "write",
                        "vol-1",
                        "--data",
                        directory.resolve("vs-1"),
                        "--lba",
                        16 * seed,
                        "--in",
                        file)
                .contains("blocks %d to %d written".formatted(16 * seed, 16 * seed + 15)));
    }

    private void awaitEqualCopies() {
        await("equal copies").atMost(LIMIT).untilAsserted(() -> assertThat(checksum("vs-2"))
                .isEqualTo(checksum("vs-1")));
    }

    private String checksum(String id) throws InterruptedException {
        return KeepupProcess.run(directory, "volume", "checksum", "vol-1", "--data", directory.resolve(id));
    }

    private static int freePort() {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
