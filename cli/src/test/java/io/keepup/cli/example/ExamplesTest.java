package io.keepup.cli.example;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.keepup.cli.Assignments;
import io.keepup.cli.BlockClient;
import io.keepup.cli.ClusterOptions;
import io.keepup.cli.CommandRun;
import io.keepup.cli.LocalCluster;
import io.keepup.cli.rig.Nodes;
import io.keepup.schemas.codec.CloudEventHeaders;
import io.keepup.schemas.codec.RecordCodec;
import io.keepup.schemas.registry.HttpSchemaRegistry;
import io.keepup.schemas.registry.SchemaRegistration;
import io.keepup.schemas.topic.TopicAdmin;
import io.keepup.schemas.topic.TopicSpec;
import io.keepup.schemas.topic.Topics;
import io.keepup.v1.BaseChunk;
import io.keepup.v1.BaseEnd;
import io.keepup.v1.BaseManifest;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.avro.Schema;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What {@code examples/} holds, each run against a cluster with real nodes and a volume that has been through a rebuild. */
@Timeout(600)
class ExamplesTest {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Path EXAMPLES = Path.of(System.getProperty("keepup.root"), "examples");
    private static final Set<String> CAUSED =
            Set.of(Topics.COMMANDS_NODE, Topics.COMMANDS_SESSION, Topics.PROJECTIONS, Topics.SESSIONS, Topics.REJECTED);

    @TempDir
    private static Path directory;

    private static LocalCluster cluster;
    private static Nodes nodes;
    private static ClusterOptions options;
    private static Map<String, String> environment;

    @BeforeAll
    static void a_volume_with_a_past() {
        cluster = LocalCluster.start(directory.resolve("up"), 0, 0, 0, step -> {});
        nodes = new Nodes(cluster.bootstrap(), cluster.registryUrl(), directory, Map.of());
        nodes.start("vs-1");
        nodes.start("vs-2");
        options = new ClusterOptions(cluster.bootstrap(), cluster.registryUrl());
        environment = Map.of("KEEPUP_BOOTSTRAP", cluster.bootstrap(), "KEEPUP_REGISTRY", cluster.registryUrl());
        assign("vol-1", 2);
        byte[] data = new byte[64 << 10];
        new Random(1).nextBytes(data);
        try (BlockClient volume = nodes.client("vs-1", "vol-1")) {
            await("a write").atMost(Program.LIMIT).ignoreExceptions().until(() -> volume.write(0, data, true) > 0);
        }
        awaitHealthy();
        assertThat(CommandRun.on(options, "rebuild", "vol-1", "vs-2", "--why", "to have one")
                        .exit())
                .isZero();
        await("the rebuild")
                .atMost(Program.LIMIT)
                .until(() -> CommandRun.on(options, "events", "vol-1").out().contains("completed"));
        awaitHealthy();
        assign("vol-1", 1); // refused
        a_base_that_nobody_takes_away();
    }

    private static void awaitHealthy() {
        await("a healthy volume")
                .atMost(Program.LIMIT)
                .until(() -> CommandRun.on(options, "status", "vol-1").out().contains("publish_healthy"));
    }

    private static void assign(String volume, long epoch) {
        try (Producer<byte[], byte[]> producer = options.producer()) {
            new Assignments(volume, epoch, "vs-1", List.of("vs-2"), List.of(), 8 << 20, 0, "master")
                    .publish(producer, options.codec());
        }
    }

    /** A primary deletes a base as its replica applies it, so one is laid where there is none. */
    private static void a_base_that_nobody_takes_away() {
        List<TopicSpec> lanes = Topics.lanes("vol-0");
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", cluster.bootstrap()));
                HttpSchemaRegistry registry = new HttpSchemaRegistry(cluster.registryUrl(), Duration.ofSeconds(30));
                Producer<byte[], byte[]> producer = options.producer()) {
            new TopicAdmin(admin, Duration.ofSeconds(60)).ensure(lanes, (short) 1);
            SchemaRegistration.registerAll(registry, lanes);
            RecordCodec codec = options.codec();
            String topic = Topics.base("vol-0");
            List<SpecificRecord> base = List.of(
                    new BaseManifest("vol-0", 1L, 1L, 7L, 4096, 1L, 1L),
                    new BaseChunk(1L, 1L, 0L, 0L, 1, 0xffff_ffffL, true, ByteBuffer.wrap(new byte[] {1, 2, 3})),
                    new BaseEnd(1L, 1L, 1L, 5L, 7L, 7L, 1L));
            for (SpecificRecord record : base) {
                producer.send(new ProducerRecord<>(
                        topic,
                        0,
                        "1".getBytes(StandardCharsets.UTF_8),
                        codec.encode(topic, record),
                        CloudEventHeaders.of(
                                record.getSchema().getFullName(),
                                record.getSchema().getName(),
                                "node/vs-1",
                                Instant.EPOCH)));
            }
            producer.flush();
        }
    }

    @AfterAll
    static void stop() {
        if (nodes != null) {
            nodes.close();
        }
        if (cluster != null) {
            cluster.close();
        }
    }

    @Test
    void node_decodes_every_topic_with_confluents_client() throws Exception {
        Path node = installed();
        List<TopicSpec> topics = Stream.of(Topics.shared(), Topics.lanes("vol-0"), Topics.lanes("vol-1"))
                .flatMap(List::stream)
                .toList();
        Set<String> wanted = topics.stream().map(TopicSpec::name).collect(Collectors.toSet());
        wanted.remove(Topics.wal("vol-0"));
        wanted.remove(Topics.base("vol-1"));
        try (Program decode = Program.start(node, environment, List.of("node", "decode.js"))) {
            decode.await("a record of every topic", lines -> assertThat(lines.stream()
                            .map(ExamplesTest::parse)
                            .map(line -> line.path("topic").asText())
                            .collect(Collectors.toSet()))
                    .containsAll(wanted));
            decode.await("a healthy projection, all the base and all session commands", lines -> {
                List<JsonNode> records = lines.stream().map(ExamplesTest::parse).toList();
                assertThat(records).anyMatch(r -> r.at("/value/mode").asText().equals("publish_healthy"));
                assertThat(records.stream().map(ExamplesTest::type))
                        .contains(
                                "IssueRebuild",
                                "SessionCompleted",
                                "StartReceiver",
                                "BaseManifest",
                                "BaseChunk",
                                "BaseEnd");
            });
            decode.lines().stream().map(ExamplesTest::parse).forEach(line -> check(line, topics));
        }
    }

    private static void check(JsonNode line, List<TopicSpec> topics) {
        TopicSpec topic = topics.stream()
                .filter(t -> t.name().equals(line.path("topic").asText()))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no topic of the catalogue: " + line));
        Schema schema = topic.records().stream()
                .filter(r -> r.getName().equals(type(line)))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no record of that topic: " + line));
        assertThat(line.path("value").fieldNames())
                .toIterable()
                .as("%s", line)
                .containsExactlyElementsOf(
                        schema.getFields().stream().map(Schema.Field::name).toList());
        assertThat(line.path("headers").fieldNames())
                .toIterable()
                .as("%s", line)
                .contains("ce_id", "ce_source", "ce_time", "ce_specversion");
        assertThat(line.path("headers").has(CloudEventHeaders.CAUSE_OFFSET))
                .as("cause of %s", line)
                .isEqualTo(CAUSED.contains(topic.name()));
        if (topic.key() == TopicSpec.Key.VOLUME && line.path("value").has("meta")) {
            assertThat(line.path("key").asText())
                    .isEqualTo(line.at("/value/meta/volumeId").asText());
        }
        if (type(line).equals("BaseChunk")) {
            assertThat(line.at("/value/payload").asText()).isEqualTo("AQID");
            assertThat(line.at("/value/crc32c").asLong()).isEqualTo(0xffff_ffffL);
        }
    }

    private static String type(JsonNode line) {
        return line.at("/headers/ce_type").asText().replace("io.keepup.v1.", "");
    }

    @Test
    void node_publishes_an_assignment_and_reads_the_commands_that_it_causes() throws Exception {
        List<String> lines =
                Program.run(installed(), environment, List.of("node", "assign.js", "vol-3", "1", "vs-1", "vs-2"));

        assertThat(lines.stream().map(ExamplesTest::parse))
                .extracting(
                        l -> l.path("command").asText(),
                        l -> l.at("/value/meta/nodeId").asText(),
                        l -> l.at("/value/meta/volumeId").asText())
                .containsExactlyInAnyOrder(
                        tuple("ApplyRole", "vs-2", "vol-3"),
                        tuple("StartReceiver", "vs-2", "vol-3"),
                        tuple("ApplyRole", "vs-1", "vol-3"),
                        tuple("ConfigureShipper", "vs-1", "vol-3"));
    }

    @Test
    void java_follows_the_volumes_without_any_code_of_ours() {
        List<String> command = List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                foreignClassPath(),
                EXAMPLES.resolve("java/FollowVolumes.java").toString(),
                cluster.bootstrap(),
                cluster.registryUrl());
        try (Program follow = Program.start(directory, Map.of(), command)) {
            follow.await("the volume's mode", lines -> assertThat(lines)
                    .anyMatch(line -> line.matches("vol-1 publish_healthy  primary=vs-1 durable=[1-9]\\d*")));
        }
    }

    /** The jars of others alone. */
    private static String foreignClassPath() {
        return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(entry -> entry.endsWith(".jar") && !Path.of(entry).startsWith(EXAMPLES.getParent()))
                .collect(Collectors.joining(File.pathSeparator));
    }

    @Test
    void kcat_reads_keys_headers_and_the_schema_id() throws Exception {
        Program.require("kcat");
        List<String> lines =
                Program.run(EXAMPLES, Map.of(), List.of("kcat/read.sh", Topics.PROJECTIONS, cluster.bootstrap()));

        assertThat(lines)
                .isNotEmpty()
                .allMatch(line -> line.matches(
                        "partition=\\d offset=\\d+ key=vol-\\d bytes=\\d+ schema=[1-9]\\d* headers=ce_id=.*,"
                                + "ce_type=io.keepup.v1.VolumeProjection,.*keepup_cause_topic=keepup.events.v1,.*"));
        assertThat(lines).anyMatch(line -> line.contains(" key=vol-1 "));
    }

    /** The Node programs with their packages, laid where builds throw things away. */
    private static Path installed() throws InterruptedException {
        Program.require("node", "npm");
        Path node = Path.of("target", "examples", "node").toAbsolutePath();
        copy(EXAMPLES.resolve("node"), node);
        Path whole = node.resolve(".installed");
        String lock = read(node.resolve("package-lock.json"));
        if (!Files.exists(whole) || !read(whole).equals(lock)) {
            Program.run(
                    node, Map.of(), List.of("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--omit=dev"));
            write(whole, lock);
        }
        return node;
    }

    private static void copy(Path from, Path to) {
        try (Stream<Path> files = Files.list(from)) {
            Files.createDirectories(to);
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Files.copy(file, to.resolve(file.getFileName()), StandardCopyOption.REPLACE_EXISTING);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static JsonNode parse(String line) {
        try {
            return JSON.readTree(line);
        } catch (IOException e) {
            throw new UncheckedIOException(line, e);
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void write(Path file, String text) {
        try {
            Files.writeString(file, text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
