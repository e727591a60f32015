package io.keepup.cli.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.keepup.cli.Assignments;
import io.keepup.cli.BlockClient;
import io.keepup.cli.CommandRun;
import io.keepup.cli.rig.Nodes;
import io.keepup.cli.rig.SessionLog;
import io.keepup.cli.rig.Watch;
import io.keepup.cli.rig.Workload;
import io.keepup.node.NodeAddress;
import io.keepup.node.NodeCounter;
import io.keepup.node.hosting.HostedStatus;
import io.keepup.node.hosting.HostedVolume;
import io.keepup.schemas.codec.UndecodableException;
import io.keepup.schemas.topic.Topics;
import io.keepup.v1.Meta;
import io.keepup.v1.Mode;
import io.keepup.v1.Rejected;
import io.keepup.v1.ReplicaView;
import io.keepup.v1.SessionKind;
import io.keepup.v1.VolumeProjection;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** One volume with its own nodes and directories on the cluster that all scenarios share, and all that is seen of it. */
final class VolumeUnderTest implements BeforeEachCallback, AfterEachCallback {

    static final int BLOCK = 4096;
    static final Duration LIMIT = Duration.ofSeconds(60);

    private static final AtomicInteger NUMBERS = new AtomicInteger();

    private final String id = "vol-" + NUMBERS.incrementAndGet();
    private final long sizeBytes;
    private final Function<ExtensionContext, SharedCluster> clusters;
    private final long seed = System.nanoTime();
    private final Map<String, String> settings = new HashMap<>(Map.of(
            "interceptor.classes", Network.class.getName(),
            "node.sync.interval.ms", "100",
            "node.sync.deadline.ms", "1500",
            "node.sync.slack.ms", "500",
            "node.session.progress.ms", "100",
            "node.base.chunk.bytes", "16384"));
    private final Seen seen = new Seen();
    private SharedCluster cluster;
    /** Null before the first of them starts. */
    private Nodes nodes;

    private Watch watch;

    /** @param sizeBytes of the volume */
    VolumeUnderTest(long sizeBytes) {
        this(sizeBytes, SharedCluster::of);
    }

    /** @param clusters where it lives */
    VolumeUnderTest(long sizeBytes, Function<ExtensionContext, SharedCluster> clusters) {
        this.sizeBytes = sizeBytes;
        this.clusters = clusters;
    }

    /** A setting of its nodes, none of which runs yet. */
    VolumeUnderTest with(String name, String value) {
        settings.put(name, value);
        return this;
    }

    @Override
    public void beforeEach(ExtensionContext context) {
        System.out.printf("%s is %s, seed %d%n", context.getDisplayName(), id, seed);
        cluster = clusters.apply(context);
        nodes = null;
        watch = new Watch(cluster.options().consumer(), cluster.codec(), id, seen);
    }

    @Override
    public void afterEach(ExtensionContext context) {
        Network.calm(id);
        if (nodes != null) {
            nodes.close();
        }
        boolean failed = context.getExecutionException().isPresent();
        try {
            if (!failed) {
                settle();
                seen.assertNeverHealthierThanTheTruth();
                seen.assertOneEndEach();
                assertFoldedAlike();
            }
        } catch (AssertionError e) {
            failed = true;
            throw e;
        } finally {
            watch.close();
            if (failed) {
                seen.print();
            }
        }
    }

    /**
     * What the Streams app put out is what the engine alone makes of the log; seen at last, for what one topic brought is no
     * word on how far the others were read.
     */
    void assertFoldedAlike() {
        waitFor("outputs of the fold").untilAsserted(() -> new Twin(id).assertSame(seen));
    }

    // ------------------------------------------------------------ who is who

    String id() {
        return id;
    }

    /** Id of one of this volume's own nodes. */
    String node(String name) {
        return id + "-" + name;
    }

    /** Where a node keeps everything. */
    Path directory(String nodeId) {
        return cluster.directory(id).resolve(nodeId);
    }

    /** The volume's files on a node. */
    Path files(String nodeId) {
        return NodeAddress.volume(directory(nodeId), id);
    }

    SharedCluster cluster() {
        return cluster;
    }

    /** Everything seen of this volume on the topics. */
    Seen seen() {
        return seen;
    }

    // ------------------------------------------------- the master, the nodes

    /** The master's assignment, one event a node. */
    void assign(long epoch, String primary, String... replicas) {
        new Assignments(id, epoch, primary, List.of(replicas), List.of(), sizeBytes, BLOCK, "operator/test")
                .publish(cluster.producer(), cluster.codec());
    }

    void start(String... nodeIds) {
        if (nodes == null) {
            nodes = new Nodes(cluster.bootstrap(), cluster.registryUrl(), cluster.directory(id), settings);
        }
        Arrays.stream(nodeIds).forEach(nodes::start);
    }

    /** Stops nodes without a word, as a crash would leave their sessions. */
    void stop(String... nodeIds) {
        Arrays.stream(nodeIds).forEach(nodes::stop);
    }

    /** A node that is stopped loses its disk. */
    void forget(String nodeId) {
        try (Stream<Path> files = Files.walk(directory(nodeId))) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A primary and its replicas, started, assigned under epoch 1 and past all gates but the first write. */
    void bootstrap(String primary, String... replicas) {
        start(primary);
        start(replicas);
        assign(1, primary, replicas);
        awaitReady(replicas);
        awaitReason("awaiting_barrier_durability");
    }

    /** Replicas whose receivers follow the WAL lane: what is written from now on reaches them. */
    void awaitReady(String... replicas) {
        Set<String> awaited = Set.of(replicas);
        awaitProjection(
                "receivers of " + awaited,
                v -> v.getNodes().stream()
                                .filter(n -> awaited.contains(n.getNodeId()) && n.getMode() == Mode.replica_ready)
                                .count()
                        == awaited.size());
    }

    long counter(String nodeId, NodeCounter counter) {
        return nodes.get(nodeId).metrics().get(counter);
    }

    /** The volume on a node that runs, once the node has it. */
    HostedVolume on(String nodeId) {
        waitFor("volume " + id + " on " + nodeId)
                .until(() -> nodes.get(nodeId).volume(id).isPresent());
        return nodes.get(nodeId).volume(id).orElseThrow();
    }

    HostedStatus status(String nodeId) {
        return on(nodeId).status();
    }

    // ------------------------------------------------------------- block I/O

    /** Once the node has the volume. */
    BlockClient client(String nodeId) {
        on(nodeId);
        return nodes.client(nodeId, id);
    }

    Workload workload(BlockClient primary) {
        return new Workload(primary, sizeBytes, BLOCK, seed);
    }

    /** Writes so many times at random places through a primary; returns its head, durable there. */
    long burst(String primary, int writes) {
        try (BlockClient client = client(primary);
                Workload workload = new Workload(
                        client, sizeBytes, BLOCK, seed + status(primary).appliedLsn())) {
            workload.burst(writes);
            return status(primary).durableLsn();
        } catch (Exception e) {
            throw new AssertionError(writes + " writes through " + primary + " failed", e);
        }
    }

    /** Writes so many times one block from {@code firstLba} on; returns the primary's head, durable there. */
    long burstBehind(String primary, int firstLba, int writes) {
        HostedVolume here = on(primary);
        byte[] block = new byte[BLOCK];
        Random random = new Random(seed);
        long lsn = 0;
        for (int i = 0; i < writes; i++) {
            random.nextBytes(block);
            lsn = here.write(firstLba + i, ByteBuffer.wrap(block));
        }
        here.awaitDurable(lsn);
        return lsn;
    }

    /** Fills the first half of the volume; returns the primary's head. */
    long fillHalf(String primary) {
        try (BlockClient client = client(primary);
                Workload workload = workload(client)) {
            workload.fillHalf();
            return status(primary).durableLsn();
        }
    }

    /**
     * Drops all WAL that the primary may drop, which heeds only replicas in a session, once these replicas have it;
     * returns the oldest LSN kept.
     */
    long trimAll(String primary, String... replicas) {
        long head = status(primary).durableLsn();
        for (String replica : replicas) {
            awaitDurable(replica, head);
        }
        waitFor("all WAL of " + primary + " shipped")
                .until(() -> status(primary).shippedLsn() >= head);
        try (BlockClient client = client(primary)) {
            return client.trimWal(head).path("walTail").asLong();
        }
    }

    void awaitDurable(String nodeId, long lsn) {
        waitFor(nodeId + " to have LSN " + lsn + " durable")
                .until(() -> status(nodeId).durableLsn() >= lsn);
    }

    /** SHA-256 over the whole volume is the same on all these nodes, the first being the primary. */
    void assertEqualCopies(String... nodeIds) {
        long head = status(nodeIds[0]).durableLsn();
        TreeSet<String> digests = new TreeSet<>();
        for (String nodeId : nodeIds) {
            awaitDurable(nodeId, head);
            try (BlockClient client = client(nodeId)) {
                JsonNode digest = client.digest();
                assertThat(digest.path("lsn").asLong()).as("LSN of " + nodeId).isEqualTo(head);
                digests.add(digest.path("sha256").asText());
            }
        }
        assertThat(digests)
                .as("digests of " + List.of(nodeIds))
                .singleElement()
                .asString()
                .matches("[0-9a-f]{64}");
    }

    /** What a node answers to a request at its data address. */
    HttpResponse<String> answer(String nodeId, String method, String path, byte[] body) {
        HttpRequest request = HttpRequest.newBuilder(
                        URI.create("http://" + nodes.get(nodeId).dataAddress() + path))
                .method(method, HttpRequest.BodyPublishers.ofByteArray(body))
                .build();
        try (HttpClient http = HttpClient.newHttpClient()) {
            return http.send(request, HttpResponse.BodyHandlers.ofString());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted at " + path, e);
        }
    }

    /** What a node answers to a GET. */
    HttpResponse<String> answer(String nodeId, String path) {
        return answer(nodeId, "GET", path, new byte[0]);
    }

    /** Runs a command of {@code keepup} on this volume. */
    CommandRun command(String name, Object... more) {
        return CommandRun.on(
                cluster.options(),
                Stream.concat(Stream.of(name, id), Stream.of(more)).toArray());
    }

    // ------------------------------------------------------------ the topics

    /** Puts any bytes on the events topic, under the volume's key. */
    void putEvent(byte[] value) {
        cluster.put(new ProducerRecord<>(Topics.EVENTS, key(), value));
    }

    void putEvent(SpecificRecord event) {
        putEvent(encode(Topics.EVENTS, event));
    }

    /** Puts a record on any topic. */
    void put(String topic, String key, SpecificRecord value) {
        cluster.put(new ProducerRecord<>(topic, key.getBytes(StandardCharsets.UTF_8), encode(topic, value)));
    }

    /** Delivers a record once more, byte for byte. */
    void putAgain(ConsumerRecord<byte[], byte[]> record) {
        cluster.put(new ProducerRecord<>(record.topic(), null, record.key(), record.value(), record.headers()));
    }

    /** What an event of this volume says about itself. */
    Meta meta(String nodeId, long epoch) {
        return new Meta(UUID.randomUUID().toString(), id, nodeId, epoch, Instant.now(), "test");
    }

    /** Returns when everything put on the events topic before has been folded, and its outcome seen. */
    void settle() {
        byte[] marker = ("marker " + UUID.randomUUID()).getBytes(StandardCharsets.UTF_8);
        putEvent(marker);
        awaitWatch("a marker to come out of the fold", w -> w.rejected()
                .anyMatch(r -> r.getValue() != null && r.getValue().equals(ByteBuffer.wrap(marker))));
    }

    byte[] encode(String topic, SpecificRecord value) {
        return cluster.codec().encode(topic, value);
    }

    byte[] key() {
        return id.getBytes(StandardCharsets.UTF_8);
    }

    // -------------------------------------------------------- what is to see

    /** What lies on a lane of the volume now. */
    List<SpecificRecord> onLane(String lane) {
        List<SpecificRecord> records = new ArrayList<>();
        TopicPartition partition = new TopicPartition(lane, 0);
        try (Consumer<byte[], byte[]> consumer = cluster.options().consumer()) {
            consumer.assign(List.of(partition));
            consumer.seekToBeginning(List.of(partition));
            long end = consumer.endOffsets(List.of(partition)).get(partition);
            while (consumer.position(partition) < end) {
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(100))) {
                    records.add(cluster.codec().decode(record.value()));
                }
            }
        } catch (UndecodableException e) {
            throw new AssertionError(lane + " holds something else", e);
        }
        return records;
    }

    VolumeProjection projection() {
        return watch.projection();
    }

    /** What the primary's view says of a replica. */
    ReplicaView replica(String nodeId) {
        return replica(projection(), nodeId);
    }

    static ReplicaView replica(VolumeProjection projection, String nodeId) {
        return projection.getReplicas().stream()
                .filter(r -> r.getReplicaId().equals(nodeId))
                .findFirst()
                .orElseThrow(() -> new AssertionError(nodeId + " is no replica in " + projection));
    }

    List<SessionLog.Session> sessions() {
        return watch.sessions();
    }

    /** The sessions of one replica, in the order they were issued. */
    List<SessionLog.Session> sessions(String nodeId) {
        return sessions().stream().filter(s -> s.replica().equals(nodeId)).toList();
    }

    List<Rejected> rejected() {
        return watch.rejected().toList();
    }

    /** The volume as {@code /api/volumes/{id}} gives it. */
    JsonNode api() {
        return cluster.api("volumes/" + id);
    }

    /** For what no topic shows: asks often, from now on, within the limit of every wait. */
    static ConditionFactory waitFor(String what) {
        return Awaitility.await(what).atMost(LIMIT).pollDelay(Duration.ZERO).pollInterval(Duration.ofMillis(20));
    }

    void awaitWatch(String what, Predicate<Watch> condition) {
        try {
            watch.await(what, LIMIT, condition);
        } catch (TimeoutException e) {
            throw new AssertionError(e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted while waiting for " + what, e);
        }
    }

    void awaitProjection(String what, Predicate<VolumeProjection> condition) {
        awaitWatch(what, w -> w.projection() != null && condition.test(w.projection()));
    }

    void awaitReason(String reason) {
        awaitProjection(reason, p -> p.getReason().equals(reason));
    }

    void awaitHealthy() {
        awaitProjection("a healthy volume", p -> p.getMode() == Mode.publish_healthy);
    }

    /** Healthy, and the proof covers everything the primary has. */
    void awaitHealthyAt(long head) {
        awaitProjection(
                "a healthy volume with LSN " + head + " proven",
                p -> p.getMode() == Mode.publish_healthy && p.getDurableLsn() >= head);
    }

    /** The replica's session after the first {@code before} has ended well, and was of this kind. */
    SessionLog.Session awaitCompleted(String nodeId, SessionKind kind, int before) {
        awaitWatch(
                kind + " of " + nodeId,
                w -> sessions(nodeId).size() > before
                        && sessions(nodeId).get(before).outcome() != null);
        SessionLog.Session session = sessions(nodeId).get(before);
        assertThat(session.kind()).as("kind of " + session).isEqualTo(kind);
        assertThat(session.completed()).as("completed: " + session).isTrue();
        return session;
    }

    /** The replica's session after the first {@code before}, as soon as the replica is at it. */
    SessionLog.Session awaitRunning(String nodeId, SessionKind kind, int before) {
        awaitWatch(
                kind + " of " + nodeId + " to run",
                w -> sessions(nodeId).size() > before
                        && replica(nodeId).getSession().getSessionId()
                                == sessions(nodeId).get(before).id()
                        && replica(nodeId).getSession().getBaseBlocksDone() > 0);
        SessionLog.Session session = sessions(nodeId).get(before);
        assertThat(session.kind()).as("kind of " + session).isEqualTo(kind);
        return session;
    }
}
