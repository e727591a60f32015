package io.keepup.bench.recovery;

import io.keepup.embedded.EmbeddedCluster;
import io.keepup.node.NodeSettings;
import io.keepup.node.StorageNode;
import io.keepup.node.hosting.HostedVolume;
import io.keepup.schemas.codec.CloudEventHeaders;
import io.keepup.schemas.codec.ConfluentAvroCodec;
import io.keepup.schemas.codec.RecordCodec;
import io.keepup.schemas.registry.HttpSchemaRegistry;
import io.keepup.schemas.registry.SchemaRegistration;
import io.keepup.schemas.topic.TopicAdmin;
import io.keepup.schemas.topic.Topics;
import io.keepup.streams.KeepupStreams;
import io.keepup.streams.StreamsSettings;
import io.keepup.v1.AssignmentDelivered;
import io.keepup.v1.Meta;
import io.keepup.v1.ReplicaEndpoint;
import io.keepup.v1.Role;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Broker, registry, Streams app and storage nodes in this JVM, all real, in a temporary directory that goes with them. */
final class BenchCluster implements AutoCloseable {

    static final int BLOCK = 4096;
    static final String PRIMARY = "vs-1";
    static final String REPLICA = "vs-2";

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final Duration LIMIT = Duration.ofMinutes(10);
    private static final long LOOK_MS = 5;

    private final Deque<AutoCloseable> parts = new ArrayDeque<>();
    private final Map<String, StorageNode> nodes = new HashMap<>();
    private final Map<String, String> nodeSettings;
    private final Path directory;
    private EmbeddedCluster kafka;
    private RecordCodec codec;
    private Admin admin;
    private Producer<byte[], byte[]> producer;

    private BenchCluster(Map<String, String> nodeSettings) throws IOException {
        this.nodeSettings = nodeSettings;
        this.directory = Files.createTempDirectory("keepup-bench-");
        parts.push(() -> delete(directory));
    }

    /** @param nodeSettings settings of every node, and of its Kafka clients */
    static BenchCluster start(Map<String, String> nodeSettings) {
        BenchCluster cluster;
        try {
            cluster = new BenchCluster(nodeSettings);
        } catch (IOException e) {
            throw new UncheckedIOException("no temporary directory can be made: " + e.getMessage(), e);
        }
        try {
            cluster.begin();
            return cluster;
        } catch (RuntimeException | Error e) {
            cluster.close();
            throw e;
        }
    }

    private void begin() {
        kafka = part(EmbeddedCluster.start(directory.resolve("up")));
        HttpSchemaRegistry registry = part(new HttpSchemaRegistry(kafka.registryUrl(), PATIENCE));
        codec = new ConfluentAvroCodec(registry);
        admin = part(Admin.create(Map.of("bootstrap.servers", kafka.bootstrapServers())));
        new TopicAdmin(admin, PATIENCE).ensure(Topics.shared(), (short) 1);
        SchemaRegistration.registerAll(registry, Topics.shared());
        part(KeepupStreams.start(StreamsSettings.of(Map.of(
                StreamsSettings.BOOTSTRAP, kafka.bootstrapServers(),
                StreamsSettings.REGISTRY_URL, kafka.registryUrl(),
                StreamsSettings.STATE_DIR, directory.resolve("streams").toString(),
                StreamsSettings.STANDBYS, "0",
                StreamsSettings.HTTP_PORT, "0"))));
        producer = part(new KafkaProducer<>(
                Map.of("bootstrap.servers", kafka.bootstrapServers()),
                new ByteArraySerializer(),
                new ByteArraySerializer()));
        parts.push(() -> nodes.values().forEach(StorageNode::close));
    }

    private <T extends AutoCloseable> T part(T part) {
        parts.push(part);
        return part;
    }

    void startNode(String id) {
        nodes.put(
                id,
                StorageNode.start(new NodeSettings(
                        id,
                        directory.resolve(id),
                        kafka.bootstrapServers(),
                        kafka.registryUrl(),
                        "127.0.0.1:0",
                        nodeSettings)));
    }

    void stopNode(String id) {
        nodes.remove(id).close();
    }

    /** A new volume with its primary and one replica. */
    void assign(String volumeId, long sizeBytes) {
        say(volumeId, new AssignmentDelivered(meta(volumeId, REPLICA), Role.replica, List.of(), sizeBytes, BLOCK));
        say(
                volumeId,
                new AssignmentDelivered(
                        meta(volumeId, PRIMARY),
                        Role.primary,
                        List.of(new ReplicaEndpoint(REPLICA, "", "")),
                        sizeBytes,
                        BLOCK));
    }

    private static Meta meta(String volumeId, String nodeId) {
        return new Meta(UUID.randomUUID().toString(), volumeId, nodeId, 1L, Instant.now(), "operator/bench");
    }

    private void say(String volumeId, AssignmentDelivered event) {
        var headers = CloudEventHeaders.of(event.getSchema().getFullName(), event.getMeta());
        byte[] key = volumeId.getBytes(StandardCharsets.UTF_8);
        byte[] value = codec.encode(Topics.EVENTS, event);
        try {
            producer.send(new ProducerRecord<>(Topics.EVENTS, null, key, value, headers))
                    .get();
        } catch (ExecutionException e) {
            throw new IllegalStateException("Kafka does not take an assignment of " + volumeId, e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while assigning " + volumeId, e);
        }
    }

    /** The volume on a node, once the node has it. */
    HostedVolume volume(String nodeId, String volumeId) {
        StorageNode node = nodes.get(nodeId);
        await("volume " + volumeId + " on " + nodeId, () -> node.volume(volumeId)
                .isPresent());
        return node.volume(volumeId).orElseThrow();
    }

    /** The volume on its primary, once all that is written to it is shipped. */
    HostedVolume connected(String volumeId) {
        HostedVolume volume = volume(PRIMARY, volumeId);
        await("the WAL lane of " + volumeId, () -> volume.status().laneTail() > 0);
        return volume;
    }

    /** All WAL of the volume is on its lane. */
    void awaitShipped(HostedVolume primary) {
        await(
                "the WAL to be shipped",
                () -> primary.status().shippedLsn() >= primary.status().appliedLsn());
    }

    /** Whether both copies have the same SHA-256 over all blocks, once the replica has all that the primary has. */
    boolean equalCopies(String volumeId) {
        HostedVolume primary = volume(PRIMARY, volumeId);
        HostedVolume replica = volume(REPLICA, volumeId);
        long head = primary.status().appliedLsn();
        await("LSN " + head + " on " + REPLICA, () -> replica.status().durableLsn() >= head);
        return primary.digest().equals(replica.digest());
    }

    String bootstrap() {
        return kafka.bootstrapServers();
    }

    RecordCodec codec() {
        return codec;
    }

    Admin admin() {
        return admin;
    }

    /** Returns when the condition holds. */
    static void await(String what, BooleanSupplier condition) {
        long until = System.nanoTime() + LIMIT.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > until) {
                throw new IllegalStateException(
                        "waited %s min for %s: KEEPUP_LOG=info tells more".formatted(LIMIT.toMinutes(), what));
            }
            try {
                Thread.sleep(LOOK_MS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException("interrupted while waiting for " + what, e);
            }
        }
    }

    private static void delete(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        }
    }

    @Override
    public void close() {
        RuntimeException failure = null;
        for (AutoCloseable part : parts) {
            try {
                part.close();
            } catch (Exception e) {
                if (failure == null) {
                    failure = new IllegalStateException("the benchmark does not clear up after itself", e);
                }
            }
        }
        parts.clear();
        if (failure != null) {
            throw failure;
        }
    }
}
