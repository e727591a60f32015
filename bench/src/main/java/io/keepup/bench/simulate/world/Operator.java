package io.keepup.bench.simulate.world;

import io.keepup.bench.simulate.log.Draft;
import io.keepup.bench.simulate.time.Draws;
import io.keepup.engine.state.ReplicaView;
import io.keepup.engine.state.View;
import io.keepup.engine.state.VolumeState;
import io.keepup.schemas.topic.Topics;
import io.keepup.v1.BarrierConfirmed;
import io.keepup.v1.CancelRequested;
import io.keepup.v1.FailureReason;
import io.keepup.v1.Meta;
import io.keepup.v1.RebuildRequested;
import io.keepup.v1.SessionCompleted;
import io.keepup.v1.SessionFailed;
import io.keepup.v1.SessionKind;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;

/** Wishes, and whoever else can write to the events topic without knowing what belongs there. */
public final class Operator {

    private final Cluster cluster;
    private final String volumeId;
    private int numbers;

    Operator(Cluster cluster, String volumeId) {
        this.cluster = cluster;
        this.volumeId = volumeId;
    }

    private Meta meta(String nodeId, long epoch, String source) {
        String id = "%s-%s-%s".formatted(source, volumeId, ++numbers);
        return new Meta(id, volumeId, nodeId, epoch, cluster.instant(), source);
    }

    /** Some replica of the primary is to be rebuilt. */
    void wishRebuild(Draws draws) {
        View primary = cluster.streams().volume(volumeId).primaryView();
        if (primary != null && primary.replicas().size() > 0) {
            ReplicaView replica =
                    primary.replicas().at(draws.below(primary.replicas().size()));
            Meta meta = meta(primary.nodeId(), primary.epoch(), "operator/sim");
            cluster.say(new RebuildRequested(meta, replica.id(), "wished"), meta, draws.between(0, 20_000_000));
        }
    }

    /** A live session, if there is one, is to end. */
    void wishCancel(Draws draws) {
        View primary = cluster.streams().volume(volumeId).primaryView();
        if (primary == null) {
            return;
        }
        List<ReplicaView> live = new ArrayList<>();
        for (ReplicaView replica : primary.replicas()) {
            if (replica.session().live()) {
                live.add(replica);
            }
        }
        if (!live.isEmpty()) {
            ReplicaView replica = live.get(draws.below(live.size()));
            Meta meta = meta(primary.nodeId(), primary.epoch(), "operator/sim");
            cluster.say(
                    new CancelRequested(meta, replica.id(), replica.session().id(), "wished"),
                    meta,
                    draws.between(0, 20_000_000));
        }
    }

    /** Something that must be refused comes to the events topic. */
    void garbage(Draws draws) {
        byte[] key = volumeId.getBytes(StandardCharsets.UTF_8);
        byte[] noise = new byte[draws.below(40)];
        for (int i = 0; i < noise.length; i++) {
            noise[i] = (byte) draws.next();
        }
        switch (draws.below(6)) {
            case 0 -> put(key, noise);
            case 1 -> put(key, null);
            case 2 -> put(null, encoded(lie(draws)));
            case 3 -> put(noise, encoded(lie(draws)));
            case 4 -> put(key, cut(encoded(lie(draws)), draws));
            default -> put(key, encoded(lie(draws)));
        }
    }

    /** An event of a session, an epoch, a node or a replica that there is not, or with facts that cannot be. */
    private SpecificRecord lie(Draws draws) {
        VolumeState volume = cluster.streams().volume(volumeId);
        String primary = volume.primaryId().isEmpty() ? "n1" : volume.primaryId();
        long epoch = volume.epoch();
        long none = volume.lastSessionId() + 1_000;
        return switch (draws.below(6)) {
            case 0 ->
                new SessionCompleted(
                        meta(primary, epoch, "node/n2"),
                        "n2",
                        none,
                        SessionKind.rebuild,
                        9L,
                        9L,
                        true,
                        0L,
                        0L,
                        0L,
                        0L,
                        null,
                        0L);
            case 1 -> new BarrierConfirmed(meta(primary, epoch + 5, "node/" + primary), 1_000_000L);
            case 2 -> new BarrierConfirmed(meta("stranger", epoch, "node/stranger"), 1_000_000L);
            case 3 -> new BarrierConfirmed(meta(primary, epoch, "node/" + primary), -1L);
            case 4 ->
                new SessionFailed(
                        meta(primary, epoch, "node/n9"),
                        "n9",
                        1L,
                        SessionKind.catchup,
                        FailureReason.transport_lost,
                        "it was never there",
                        null,
                        0L,
                        0L,
                        0L,
                        0L,
                        0L,
                        -1L);
            default ->
                new io.keepup.v1.SyncRequest(
                        meta(primary, epoch, "node/" + primary), primary, 1L, 1L, cluster.instant(), 0L);
        };
    }

    private byte[] encoded(SpecificRecord record) {
        String topic = record instanceof io.keepup.v1.SyncRequest ? Topics.SYNC_REQUESTS : Topics.EVENTS;
        return cluster.codec().encode(topic, record);
    }

    private static byte[] cut(byte[] bytes, Draws draws) {
        return java.util.Arrays.copyOf(bytes, draws.below(bytes.length));
    }

    private void put(byte[] key, byte[] value) {
        cluster.log()
                .append(
                        new Draft(Topics.EVENTS, key, value, new RecordHeaders()),
                        cluster.time().millis(),
                        "garbage");
    }
}
