package io.keepup.cli.cluster;

import static org.awaitility.Awaitility.await;

import io.keepup.cli.Assignments;
import io.keepup.cli.BlockClient;
import io.keepup.cli.ClusterOptions;
import io.keepup.cli.CommandRun;
import io.keepup.cli.KeepupProcess;
import io.keepup.cli.QuickStart;
import io.keepup.cli.rig.SessionLog;
import io.keepup.cli.rig.Watch;
import io.keepup.v1.Mode;
import io.keepup.v1.ReplicaView;
import io.keepup.v1.VolumeProjection;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.wait.strategy.Wait;

/** Brokers, registry, two Streams apps and three nodes, and a volume on them that is healthy to begin with. */
final class RealCluster implements AutoCloseable {

    static final String VOLUME = "vol-1";
    static final Duration LIMIT = Duration.ofSeconds(180);

    private static final int REGISTRY_PORT = 8080;
    private static final int BLOCKS = 2048;

    /** Kafka's default of 30 s is how long a client would wait for a broker that hangs. */
    private static final String REQUEST_TIMEOUT = "request.timeout.ms=3000";

    /** And 5 minutes how long a consumer would read nothing from a leader that is cut off and does not know that it is none. */
    private static final String METADATA_AGE = "metadata.max.age.ms=5000";

    private static final List<String> NODE_SETTINGS = List.of(
            REQUEST_TIMEOUT,
            METADATA_AGE,
            "node.replication.factor=3",
            "node.sync.interval.ms=200",
            "node.sync.deadline.ms=1500",
            "node.sync.slack.ms=500",
            "node.session.progress.ms=200",
            "node.base.chunk.bytes=65536",
            // A rebuild takes some seconds, so that a fault meets it under way.
            "node.recovery.bytes.per.second=1048576",
            "node.wal.retain.bytes=20000000",
            "node.wal.limit.bytes=200000000",
            "node.scrub.bytes.per.second=0");
    private static final List<String> STREAMS_SETTINGS = List.of(
            REQUEST_TIMEOUT,
            METADATA_AGE,
            "replication.factor=3",
            "num.standby.replicas=1",
            "main.consumer.session.timeout.ms=6000",
            "keepup.watchdog.stall.ms=15000",
            "keepup.watchdog.primary.silence.ms=8000");

    private final Path directory;
    private final Brokers brokers;
    private final GenericContainer<?> registry;
    private final ClusterOptions options;
    private final QuickStart processes;
    private final List<Member> folds = new ArrayList<>();
    private final List<Member> nodes = new ArrayList<>();
    private final HttpClient http = HttpClient.newHttpClient();
    private BlockClient client;
    private Ledger ledger;
    private Watch watch;

    private RealCluster(Path directory, Brokers brokers, GenericContainer<?> registry) {
        this.directory = directory;
        this.brokers = brokers;
        this.registry = registry;
        this.processes = new QuickStart(directory);
        this.options = new ClusterOptions(brokers.bootstrap(), registryUrl(registry));
    }

    /** Starts all, and returns when the volume is healthy. */
    @SuppressWarnings("resource") // the registry is closed with this
    static RealCluster start(Path directory, long seed) throws Exception {
        GenericContainer<?> registry = new GenericContainer<>(Docker.registry())
                .withExposedPorts(REGISTRY_PORT)
                .withEnv("APICURIO_RULES_GLOBAL_COMPATIBILITY", "FULL_TRANSITIVE")
                .waitingFor(Wait.forHttp("/apis/ccompat/v7/subjects").forPort(REGISTRY_PORT));
        registry.start();
        RealCluster cluster = new RealCluster(directory, Brokers.start(), registry);
        try {
            cluster.begin(seed);
            return cluster;
        } catch (Exception | Error e) {
            cluster.print();
            cluster.close();
            throw e;
        }
    }

    private void begin(long seed) throws Exception {
        List<Object> nodeSettings =
                List.of("--config", Files.write(directory.resolve("node.properties"), NODE_SETTINGS));
        List<Object> streamsSettings =
                List.of("--config", Files.write(directory.resolve("streams.properties"), STREAMS_SETTINGS));
        try (KeepupProcess made = processes.start(
                on(List.of(), "topics", "create", "--replication-factor", 3).toArray())) {
            if (made.exit() != 0) {
                throw new AssertionError("the topics cannot be made: " + made.errors());
            }
        }
        for (int i = 1; i <= 2; i++) {
            int port = freePort();
            folds.add(new Member(
                    "streams-" + i,
                    processes,
                    "the Streams app folds",
                    port,
                    on(streamsSettings, "streams", "--data", directory.resolve("streams-" + i), "--http", port)));
        }
        for (int i = 1; i <= 3; i++) {
            int port = freePort();
            nodes.add(new Member(
                    "vs-" + i,
                    processes,
                    "serves block I/O",
                    port,
                    on(
                            nodeSettings,
                            "node",
                            "--id",
                            "vs-" + i,
                            "--data",
                            directory.resolve("vs-" + i),
                            "--listen",
                            "127.0.0.1:" + port)));
        }
        folds.forEach(Member::start);
        nodes.forEach(Member::start);
        folds.forEach(this::awaitReady);
        watch = new Watch(consumer(), options.codec(), VOLUME, (record, value) -> {});
        try (var producer = options.producer()) {
            new Assignments(
                            VOLUME,
                            1,
                            "vs-1",
                            List.of("vs-2", "vs-3"),
                            List.of(),
                            (long) BLOCKS * Ledger.BLOCK,
                            Ledger.BLOCK,
                            "operator/test")
                    .publish(producer, options.codec());
        }
        awaitVolume(
                "replicas that follow",
                v -> v.getNodes().stream()
                                .filter(n -> n.getMode() == Mode.replica_ready)
                                .count()
                        == 2);
        client = new BlockClient(primary().address(), VOLUME);
        ledger = new Ledger(client, BLOCKS, seed);
        awaitVolume("a primary", v -> v.getReason().equals("awaiting_barrier_durability"));
        ledger.fillHalf();
        awaitHealthy();
    }

    // ------------------------------------------------------------- its parts

    Brokers brokers() {
        return brokers;
    }

    /** One of the two Streams apps. */
    Member fold(int turn) {
        return folds.get(turn % folds.size());
    }

    Member primary() {
        return nodes.get(0);
    }

    /** One of the two replicas. */
    Member replica(int turn) {
        return nodes.get(1 + turn % (nodes.size() - 1));
    }

    /** Any node. */
    Member node(int turn) {
        return nodes.get(turn % nodes.size());
    }

    Ledger ledger() {
        return ledger;
    }

    /** Block I/O through the primary. */
    BlockClient client() {
        return client;
    }

    List<SessionLog.Session> sessions() {
        return watch.sessions();
    }

    /** The volume's projection as last seen. */
    VolumeProjection volume() {
        return watch.projection();
    }

    static ReplicaView replica(VolumeProjection volume, Member replica) {
        return volume.getReplicas().stream()
                .filter(r -> r.getReplicaId().equals(replica.name()))
                .findFirst()
                .orElseThrow();
    }

    // ---------------------------------------------------------- what is awaited

    void awaitWatch(String what, Predicate<Watch> condition) {
        try {
            watch.await(what, LIMIT, condition);
        } catch (TimeoutException e) {
            throw new AssertionError(e.getMessage() + "; " + watch.projection(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted while waiting for " + what, e);
        }
    }

    void awaitVolume(String what, Predicate<VolumeProjection> condition) {
        awaitWatch(what, w -> w.projection() != null && condition.test(w.projection()));
    }

    /** Healthy, and the proof covers everything the primary has now. */
    void awaitHealthy() {
        long head = client.status().path("durableLsn").asLong();
        awaitVolume(
                "a healthy volume with LSN " + head + " proven",
                v -> v.getMode() == Mode.publish_healthy && v.getDurableLsn() >= head);
    }

    void awaitReady(Member fold) {
        await(fold.name() + " to be ready")
                .atMost(LIMIT)
                .ignoreExceptions()
                .until(() -> http.send(
                                        HttpRequest.newBuilder(URI.create("http://" + fold.address() + "/readyz"))
                                                .timeout(Duration.ofSeconds(2))
                                                .build(),
                                        HttpResponse.BodyHandlers.discarding())
                                .statusCode()
                        == 200);
    }

    void awaitWritten(String what, long more) {
        long wanted = ledger.answered() + more;
        await(what).atMost(LIMIT).until(() -> ledger.answered() >= wanted);
    }

    // --------------------------------------------------------------- the proof

    /** SHA-256 over the whole volume on a node that has all of it; nothing is written meanwhile. */
    String digest(Member node, long lsn) {
        try (BlockClient copy = new BlockClient(node.address(), VOLUME)) {
            await(node.name() + " to have LSN " + lsn)
                    .atMost(LIMIT)
                    .ignoreExceptions()
                    .until(() -> copy.status().path("durableLsn").asLong() >= lsn);
            return copy.digest().path("sha256").asText();
        }
    }

    /** {@code keepup audit --all --verify} against this cluster. */
    CommandRun audit() {
        return CommandRun.on(options, "audit", "--all", "--verify");
    }

    void print() {
        brokers.print();
        Stream.concat(folds.stream(), nodes.stream()).forEach(Member::print);
        if (watch != null) {
            System.out.println(watch.projection());
            watch.sessions().forEach(System.out::println);
        }
    }

    // ------------------------------------------------------------------ details

    private KafkaConsumer<byte[], byte[]> consumer() {
        return new KafkaConsumer<>(
                Map.of(
                        "bootstrap.servers", brokers.bootstrap(),
                        "isolation.level", "read_committed",
                        "enable.auto.commit", "false",
                        "auto.offset.reset", "earliest",
                        "request.timeout.ms", "3000",
                        "metadata.max.age.ms", "5000"),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer());
    }

    /** A command against this cluster. */
    private List<Object> on(List<Object> more, Object... command) {
        List<Object> arguments = new ArrayList<>(List.of(command));
        arguments.addAll(List.of("--bootstrap", brokers.bootstrap(), "--registry", registryUrl(registry)));
        arguments.addAll(more);
        return arguments;
    }

    private static String registryUrl(GenericContainer<?> registry) {
        return "http://127.0.0.1:%d/apis/ccompat/v7".formatted(registry.getMappedPort(REGISTRY_PORT));
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    @Override
    public void close() {
        folds.forEach(Member::close);
        nodes.forEach(Member::close);
        if (ledger != null) {
            ledger.close();
        }
        if (watch != null) {
            watch.close();
        }
        http.close();
        brokers.close();
        registry.stop();
    }
}
