package io.keepup.streams.fold;

import io.keepup.engine.Admission;
import io.keepup.engine.Engine;
import io.keepup.engine.Fold;
import io.keepup.engine.Folded;
import io.keepup.engine.Policy;
import io.keepup.engine.Step;
import io.keepup.engine.VolumeOverview;
import io.keepup.engine.message.Command;
import io.keepup.engine.message.Event;
import io.keepup.engine.state.VolumeState;
import io.keepup.schemas.codec.CloudEventHeaders;
import io.keepup.schemas.codec.RecordCodec;
import io.keepup.schemas.topic.Topics;
import io.keepup.streams.mapping.CommandMapping;
import io.keepup.streams.mapping.ProjectionMapping;
import io.keepup.streams.state.StateCodec;
import io.keepup.v1.Meta;
import io.keepup.v1.RecordHeader;
import io.keepup.v1.RejectReason;
import io.keepup.v1.Rejected;
import io.keepup.v1.VolumeProjection;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;

/**
 * Decides what follows from one record of the events topic: pure but for schema ids, which are cached. All that can go
 * wrong goes wrong here, before the first write: in exactly-once mode a write made before an exception would stand.
 */
final class Decider {

    private static final String PROJECTION_ID = "projection/";

    private final Intake intake;
    private final RecordCodec codec;
    private final Policy policy;
    private final Fold fold;
    private final String source;
    private final StateCodec states = new StateCodec();

    Decider(RecordCodec codec, Policy policy) {
        this.intake = new Intake(codec);
        this.codec = codec;
        this.policy = policy;
        this.fold = new Fold(policy);
        this.source = "engine/" + policy.name();
    }

    /**
     * The outcome of a record.
     *
     * @param store bytes of a volume's state by volume id, null for a volume not heard of
     * @throws io.keepup.schemas.registry.RegistryException when the registry is away: nothing happened, ask again
     */
    Outcome decide(SourceRecord record, Function<String, byte[]> store) {
        return switch (intake.read(record)) {
            case Intake.Refused refused -> rejected(record, refused.reason(), refused.detail());
            case Intake.Understood understood -> folded(record, understood.event(), store);
        };
    }

    private Outcome folded(SourceRecord record, Event event, Function<String, byte[]> store) {
        String volumeId = event.meta().volumeId();
        byte[] stored = store.apply(volumeId);
        VolumeState before = stored == null ? VolumeState.initial(volumeId) : states.decode(stored);
        Folded result = fold.apply(before, event);
        return switch (result) {
            case Admission.Rejected refused ->
                rejected(record, RejectReason.valueOf(refused.reason().word()), refused.detail());
            case Step step -> stepped(record, event, before, step);
        };
    }

    private Outcome stepped(SourceRecord record, Event event, VolumeState before, Step step) {
        List<Outcome.Output> outputs = new ArrayList<>();
        for (Command command : step.commands()) {
            for (String target : command.targets()) {
                outputs.add(command(record, command, target));
            }
        }
        if (step.state() == before) {
            return new Outcome(null, null, outputs, null);
        }
        projection(record, event, before, step.state()).ifPresent(outputs::add);
        return new Outcome(step.state(), states.encode(step.state()), outputs, null);
    }

    private Outcome.Output command(SourceRecord record, Command command, String target) {
        boolean ofSession = command instanceof Command.OfSession;
        Meta meta = CommandMapping.meta(command, target, source);
        return output(
                record,
                ofSession ? KeepupTopology.SINK_COMMANDS_SESSION : KeepupTopology.SINK_COMMANDS_NODE,
                ofSession ? Topics.COMMANDS_SESSION : Topics.COMMANDS_NODE,
                target,
                CommandMapping.toWire(command, meta),
                meta);
    }

    /** The projection, if the world sees a difference. */
    private Optional<Outcome.Output> projection(
            SourceRecord record, Event event, VolumeState before, VolumeState after) {
        Meta meta = new Meta(
                PROJECTION_ID + event.meta().eventId(),
                after.volumeId(),
                after.primaryId(),
                after.epoch(),
                Instant.ofEpochMilli(event.meta().occurredAt()),
                source);
        VolumeProjection next = ProjectionMapping.toWire(VolumeOverview.of(policy, after), meta);
        boolean same = before.epoch() == after.epoch()
                && next.equals(ProjectionMapping.toWire(VolumeOverview.of(policy, before), meta));
        return same
                ? Optional.empty()
                : Optional.of(output(
                        record, KeepupTopology.SINK_PROJECTIONS, Topics.PROJECTIONS, after.volumeId(), next, meta));
    }

    private Outcome.Output output(
            SourceRecord cause, String sink, String topic, String key, SpecificRecord value, Meta meta) {
        String type = value.getSchema().getFullName();
        return new Outcome.Output(
                sink,
                value.getSchema().getName(),
                key.getBytes(StandardCharsets.UTF_8),
                codec.encode(topic, value),
                headers(cause, CloudEventHeaders.of(type, meta)));
    }

    /** The record whole, with the reason; its id is its place on the topic. */
    private Outcome rejected(SourceRecord record, RejectReason reason, String detail) {
        List<RecordHeader> headers = new ArrayList<>();
        record.headers().forEach(h -> headers.add(new RecordHeader(h.key(), buffer(h.value()))));
        Rejected rejected = new Rejected(
                record.topic(),
                record.partition(),
                record.offset(),
                Instant.ofEpochMilli(record.timestamp()),
                buffer(record.key()),
                buffer(record.value()),
                headers,
                reason,
                detail,
                Engine.VERSION);
        String id = "rejected/%s/%d/%d".formatted(record.topic(), record.partition(), record.offset());
        List<Header> described = CloudEventHeaders.of(
                Rejected.SCHEMA$.getFullName(), id, source, Instant.ofEpochMilli(record.timestamp()));
        Outcome.Output output = new Outcome.Output(
                KeepupTopology.SINK_REJECTED,
                Rejected.SCHEMA$.getName(),
                record.key(),
                codec.encode(Topics.REJECTED, rejected),
                headers(record, described));
        return new Outcome(null, null, List.of(output), reason);
    }

    private static Headers headers(SourceRecord cause, List<Header> described) {
        RecordHeaders headers = new RecordHeaders(described);
        CloudEventHeaders.causedBy(cause.topic(), cause.partition(), cause.offset())
                .forEach(headers::add);
        return headers;
    }

    private static ByteBuffer buffer(byte[] bytes) {
        return bytes == null ? null : ByteBuffer.wrap(bytes);
    }
}
