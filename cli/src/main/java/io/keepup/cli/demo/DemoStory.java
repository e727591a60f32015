package io.keepup.cli.demo;

import com.fasterxml.jackson.databind.JsonNode;
import io.keepup.cli.Assignments;
import io.keepup.cli.BlockClient;
import io.keepup.cli.ClusterOptions;
import io.keepup.cli.rig.Nodes;
import io.keepup.cli.rig.SessionLog;
import io.keepup.cli.rig.Watch;
import io.keepup.cli.rig.Workload;
import io.keepup.schemas.codec.RecordCodec;
import io.keepup.schemas.topic.Topics;
import io.keepup.v1.BarrierConfirmed;
import io.keepup.v1.Meta;
import io.keepup.v1.Mode;
import io.keepup.v1.RejectReason;
import io.keepup.v1.Rejected;
import io.keepup.v1.ReplicaView;
import io.keepup.v1.SessionKind;
import io.keepup.v1.VolumeProjection;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;

/** The demo's story, step by step; every wait is for something that can be seen on the topics. */
final class DemoStory {

    static final String VOLUME = "demo";
    static final String PRIMARY = "vs-1";
    static final List<String> REPLICAS = List.of("vs-2", "vs-3");
    static final List<String> NODES = List.of("vs-1", "vs-2", "vs-3");

    private static final long EPOCH = 2;
    private static final int BLOCK_SIZE = 4096;
    private static final int MISSED_WRITES = 2_000;
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final byte[] KEY = VOLUME.getBytes(StandardCharsets.UTF_8);

    private final ClusterOptions cluster;
    private final RecordCodec codec;
    private final Nodes nodes;
    private final Watch watch;
    private final Narrator tell;
    private final long sizeBytes;

    DemoStory(ClusterOptions cluster, RecordCodec codec, Nodes nodes, Watch watch, Narrator tell, long sizeBytes) {
        this.cluster = cluster;
        this.codec = codec;
        this.nodes = nodes;
        this.watch = watch;
        this.tell = tell;
        this.sizeBytes = sizeBytes;
    }

    /** Plays the story to its end. */
    Outcome play() throws InterruptedException, ExecutionException, TimeoutException {
        bootstrap();
        try (BlockClient primary = nodes.client(PRIMARY, VOLUME);
                Workload workload = new Workload(primary, sizeBytes, BLOCK_SIZE, 42)) {
            firstWrites(workload);
            catchUp(primary, workload);
            rebuild(primary, workload);
            badInput();
            quiesce(primary, workload);
        }
        return new Outcome(digests(), watch.sessions(), watch.rejected().toList(), tell.seconds());
    }

    private void bootstrap() throws InterruptedException, TimeoutException {
        tell.chapter("bootstrap");
        NODES.forEach(nodes::start);
        tell.line("nodes %s are up, each with its own directory and Kafka clients".formatted(String.join(", ", NODES)));
        try (Producer<byte[], byte[]> producer = cluster.producer()) {
            new Assignments(VOLUME, EPOCH, PRIMARY, REPLICAS, List.of(), sizeBytes, BLOCK_SIZE, "operator/demo")
                    .publish(producer, codec);
        }
        tell.line("volume %s assigned: primary %s, replicas %s, epoch %s"
                .formatted(VOLUME, PRIMARY, String.join(", ", REPLICAS), EPOCH));
        await("all gates but the first durable write", w -> reason(w).equals("awaiting_barrier_durability"));
    }

    private void firstWrites(Workload workload) throws InterruptedException, TimeoutException {
        workload.fillHalf();
        tell.line("half of the volume is filled; a writer goes on with some 200 writes a second");
        workload.begin();
        awaitHealthy();
    }

    private void catchUp(BlockClient primary, Workload workload)
            throws InterruptedException, TimeoutException, ExecutionException {
        String replica = "vs-2";
        tell.chapter("catch-up");
        nodes.stop(replica);
        tell.line(replica + " stops");
        workload.burst(MISSED_WRITES);
        tell.line(String.format(
                Locale.ROOT, "%,d writes that %s misses; head is now %,d", MISSED_WRITES, replica, head(primary)));
        recover(replica, SessionKind.catchup);
    }

    private void rebuild(BlockClient primary, Workload workload)
            throws InterruptedException, TimeoutException, ExecutionException {
        String replica = "vs-3";
        tell.chapter("rebuild");
        nodes.stop(replica);
        tell.line(replica + " stops");
        long missed = head(primary) + 1;
        workload.burst(MISSED_WRITES / 4);
        primary.flush();
        long head = head(primary);
        AtomicLong tail = new AtomicLong();
        // The pin of the session before may stand until its replica is next asked [N3].
        await("the WAL to be trimmed past " + replica, w -> {
            tail.set(primary.trimWal(head).path("walTail").asLong());
            return tail.get() > missed;
        });
        tell.line(String.format(Locale.ROOT, "the WAL is trimmed past it: oldest entry kept is %,d", tail.get()));
        recover(replica, SessionKind.rebuild);
    }

    /** Starts a replica that was away and waits until a session of the expected kind has brought it back. */
    private void recover(String replica, SessionKind kind) throws InterruptedException, TimeoutException {
        long newest = watch.sessions().stream()
                .mapToLong(SessionLog.Session::id)
                .max()
                .orElse(0);
        nodes.start(replica);
        tell.line(replica + " returns, writes go on");
        await(kind + " of " + replica, w -> w.sessions().stream()
                .anyMatch(s -> s.replica().equals(replica) && s.kind() == kind && s.completed() && s.id() > newest));
        awaitHealthy();
    }

    private void badInput() throws InterruptedException, TimeoutException, ExecutionException {
        tell.chapter("bad input");
        Meta stale = new Meta(UUID.randomUUID().toString(), VOLUME, PRIMARY, EPOCH - 1, Instant.now(), "operator/demo");
        long before = watch.rejected().count();
        long epoch = watch.projection().getMeta().getEpoch();
        try (Producer<byte[], byte[]> producer = cluster.producer()) {
            byte[] garbage = "not an event".getBytes(StandardCharsets.UTF_8);
            producer.send(new ProducerRecord<>(Topics.EVENTS, KEY, garbage)).get();
            tell.line("garbage bytes are put on " + Topics.EVENTS);
            byte[] old = codec.encode(Topics.EVENTS, new BarrierConfirmed(stale, Long.MAX_VALUE));
            producer.send(new ProducerRecord<>(Topics.EVENTS, KEY, old)).get();
            tell.line("so is a barrier of epoch %s, below the volume's".formatted(EPOCH - 1));
        }
        await("both in " + Topics.REJECTED, w -> w.rejected().count() >= before + 2);
        List<Rejected> refused = watch.rejected().skip(before).toList();
        refused.forEach(r -> tell.line("rejected: %s, %s".formatted(r.getReason(), r.getDetail())));
        VolumeProjection after = watch.projection();
        boolean untouched = refused.stream().anyMatch(r -> r.getReason() == RejectReason.undecodable)
                && refused.stream().anyMatch(r -> r.getReason() == RejectReason.stale_epoch)
                && after.getMeta().getEpoch() == epoch
                && after.getDurableLsn() < Long.MAX_VALUE;
        if (!untouched) {
            throw new IllegalStateException("bad input changed the volume: " + after);
        }
        awaitHealthy();
    }

    private void quiesce(BlockClient primary, Workload workload)
            throws InterruptedException, TimeoutException, ExecutionException {
        tell.chapter("proof");
        workload.end();
        long head = head(primary);
        tell.line(
                String.format(Locale.ROOT, "the writer ends after %,d writes; head is %,d", workload.written(), head));
        await("both replicas to have LSN " + head + " durable", w -> w.projection().getReplicas().stream()
                .allMatch(r -> r.getLastSyncAck() != null && r.getLastSyncAck().getDurableLsn() == head));
        awaitHealthy();
    }

    private SortedMap<String, String> digests() {
        SortedMap<String, String> digests = new TreeMap<>();
        for (String node : NODES) {
            try (BlockClient client = nodes.client(node, VOLUME)) {
                JsonNode digest = client.digest();
                digests.put(node, digest.path("sha256").asText());
                tell.line(String.format(
                        Locale.ROOT,
                        "%s  SHA-256 %s  at LSN %,d",
                        node,
                        digest.path("sha256").asText(),
                        digest.path("lsn").asLong()));
            }
        }
        return digests;
    }

    private void awaitHealthy() throws InterruptedException, TimeoutException {
        await("a healthy volume", w -> w.projection() != null && w.projection().getMode() == Mode.publish_healthy);
    }

    private void await(String what, java.util.function.Predicate<Watch> condition)
            throws InterruptedException, TimeoutException {
        tell.await(watch, what, LIMIT, condition);
    }

    private static String reason(Watch watch) {
        VolumeProjection projection = watch.projection();
        return projection == null ? "" : projection.getReason();
    }

    private static long head(BlockClient primary) {
        return primary.status().path("appliedLsn").asLong();
    }

    /** The replica of a projection that has a session under way, for the progress line. */
    static ReplicaView recovering(VolumeProjection projection) {
        return projection == null
                ? null
                : projection.getReplicas().stream()
                        .filter(r -> r.getSession().getTargetLsn() > 0)
                        .findFirst()
                        .orElse(null);
    }
}
