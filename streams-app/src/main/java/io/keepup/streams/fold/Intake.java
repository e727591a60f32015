package io.keepup.streams.fold;

import io.keepup.engine.message.Event;
import io.keepup.engine.message.ReplicaEndpoint;
import io.keepup.schemas.codec.RecordCodec;
import io.keepup.schemas.codec.UndecodableException;
import io.keepup.schemas.consumer.CutRecord;
import io.keepup.schemas.topic.KeyPartitions;
import io.keepup.schemas.topic.Names;
import io.keepup.schemas.topic.RecordBounds;
import io.keepup.schemas.topic.Topics;
import io.keepup.service.text.OneLine;
import io.keepup.streams.mapping.EventMapping;
import io.keepup.streams.mapping.UnknownWordException;
import io.keepup.v1.RejectReason;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.apache.avro.specific.SpecificRecord;

/**
 * Says whether a record is an event at all, before the guard says whether it is admitted. One that lies on another partition
 * than its volume's is none: it would be folded into a second state of that volume, beside its own.
 */
final class Intake {

    /** What a record turned out to be. */
    sealed interface Verdict {}

    record Understood(SpecificRecord said, Event event) implements Verdict {}

    /** {@code said} is null when the bytes are no record. */
    record Refused(SpecificRecord said, RejectReason reason, String detail) implements Verdict {}

    /** Characters of what others wrote: there is room for the sentence around it. */
    private static final int QUOTED = 120;

    private final RecordCodec codec;
    private final int partitions;

    Intake(RecordCodec codec, int partitions) {
        this.codec = codec;
        this.partitions = partitions;
    }

    /**
     * A verdict on any bytes.
     *
     * @throws io.keepup.schemas.registry.RegistryException when the registry is away: no verdict, ask again
     */
    Verdict read(SourceRecord source) {
        CutRecord cut = source.cut();
        if (cut != null) {
            return new Refused(null, RejectReason.too_large, tooLarge(cut));
        }
        if (source.value() == null) {
            return new Refused(null, RejectReason.null_value, "the record has no value");
        }
        if (source.key() == null) {
            return new Refused(null, RejectReason.key_mismatch, "the record has no key, which must be the volume id");
        }
        SpecificRecord said = null;
        try {
            said = codec.decode(source.value());
            Optional<Event> event = EventMapping.toEngine(said);
            return event.isEmpty()
                    ? new Refused(
                            said,
                            RejectReason.wrong_type,
                            "a %s is no event".formatted(said.getSchema().getName()))
                    : checked(source, said, event.get());
        } catch (UndecodableException | UnknownWordException e) {
            return new Refused(said, RejectReason.undecodable, e.getMessage());
        }
    }

    private static String tooLarge(CutRecord cut) {
        RecordBounds bounds = Topics.bounds(Topics.EVENTS);
        return "%s: an event may have a key of %s, a value of %s and headers of %s bytes"
                .formatted(cut.inWords(), bounds.key(), bounds.value(), bounds.headers());
    }

    private Verdict checked(SourceRecord source, SpecificRecord said, Event event) {
        byte[] key = source.key();
        String volumeId = event.meta().volumeId();
        if (!Arrays.equals(key, volumeId.getBytes(StandardCharsets.UTF_8))) {
            return new Refused(
                    said,
                    RejectReason.key_mismatch,
                    "the key is '%s', the event speaks of volume '%s'"
                            .formatted(
                                    OneLine.cut(new String(key, StandardCharsets.UTF_8), QUOTED),
                                    OneLine.cut(volumeId, QUOTED)));
        }
        int home = KeyPartitions.partitionFor(key, partitions);
        if (source.partition() != home) {
            return new Refused(
                    said,
                    RejectReason.key_mismatch,
                    "events of volume '%s' belong on partition %s of %s, not %s: send with Kafka's own partitioner, murmur2"
                            .formatted(volumeId, home, partitions, source.partition()));
        }
        if (!Names.valid(volumeId)) {
            return invalid(said, "volume", volumeId);
        }
        if (!Names.valid(event.meta().nodeId())) {
            return invalid(said, "node", event.meta().nodeId());
        }
        for (String replicaId : replicaIds(event)) {
            if (!Names.valid(replicaId)) {
                return invalid(said, "replica", replicaId);
            }
        }
        return new Understood(said, event);
    }

    private static List<String> replicaIds(Event event) {
        return switch (event) {
            case Event.AssignmentDelivered e ->
                e.replicas().stream().map(ReplicaEndpoint::replicaId).toList();
            case Event.OfReplica e -> List.of(e.replicaId());
            case Event.ReadinessObserved e -> List.of();
            case Event.BarrierConfirmed e -> List.of();
            case Event.PrimarySilent e -> List.of();
            case Event.ProjectionOverwritten e -> List.of();
        };
    }

    /** [G7]: ids become keys, topic names and paths. */
    private static Refused invalid(SpecificRecord said, String what, String id) {
        return new Refused(
                said,
                RejectReason.invalid_facts,
                "'%s' is no %s id: %s".formatted(OneLine.cut(id, QUOTED), what, Names.RULE_IN_WORDS));
    }
}
