package io.keepup.cli;

import io.keepup.schemas.codec.RecordCodec;
import io.keepup.v1.AssignmentDelivered;
import io.keepup.v1.Meta;
import io.keepup.v1.ReplicaEndpoint;
import io.keepup.v1.ReplicaView;
import io.keepup.v1.Role;
import io.keepup.v1.VolumeProjection;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.RecordMetadata;

/**
 * One assignment of a volume, as the events that say it: one for each node, replicas before their primary.
 *
 * @param sizeBytes 0: what the volume has, or the default
 * @param blockSize 0: what the volume has, or the default
 */
public record Assignments(
        String volumeId,
        long epoch,
        String primary,
        List<String> replicas,
        List<String> leaving,
        long sizeBytes,
        int blockSize,
        String source) {

    /** The events, in the order in which they are to be published. */
    public List<AssignmentDelivered> events() {
        List<ReplicaEndpoint> members =
                replicas.stream().map(id -> new ReplicaEndpoint(id, "", "")).toList();
        List<AssignmentDelivered> events = new ArrayList<>();
        leaving.forEach(node -> events.add(event(node, Role.none, List.of())));
        replicas.forEach(node -> events.add(event(node, Role.replica, List.of())));
        events.add(event(primary, Role.primary, members));
        return events;
    }

    private AssignmentDelivered event(String node, Role role, List<ReplicaEndpoint> members) {
        Meta meta = new Meta(UUID.randomUUID().toString(), volumeId, node, epoch, Instant.now(), source);
        return new AssignmentDelivered(meta, role, members, sizeBytes, blockSize);
    }

    /**
     * Publishes the events; returns when Kafka has them all.
     *
     * @return where they lie, in the order of {@link #events()}
     * @throws Failure when Kafka does not take one
     */
    public List<RecordMetadata> publish(Producer<byte[], byte[]> producer, RecordCodec codec) {
        return events().stream()
                .map(event -> EventLog.publish(producer, codec, event))
                .toList();
    }

    /** Whether a volume stands as this assignment says: folded, now or before. */
    boolean isShownBy(VolumeProjection volume) {
        return volume.getMeta().getEpoch() == epoch
                && volume.getPrimaryId().equals(primary)
                && (sizeBytes == 0 || volume.getSizeBytes() == sizeBytes)
                && (blockSize == 0 || volume.getBlockSize() == blockSize)
                && volume.getReplicas().stream()
                        .map(ReplicaView::getReplicaId)
                        .collect(Collectors.toSet())
                        .equals(Set.copyOf(replicas))
                && events().stream().allMatch(event -> isShownBy(volume, event));
    }

    private static boolean isShownBy(VolumeProjection volume, AssignmentDelivered event) {
        return volume.getNodes().stream()
                .anyMatch(node -> node.getNodeId().equals(event.getMeta().getNodeId())
                        && node.getRole() == event.getRole()
                        && node.getEpoch() == event.getMeta().getEpoch());
    }
}
