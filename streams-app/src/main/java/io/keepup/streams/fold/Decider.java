package io.keepup.streams.fold;

import io.keepup.engine.Admission;
import io.keepup.engine.Engine;
import io.keepup.engine.Fold;
import io.keepup.engine.Policy;
import io.keepup.engine.Step;
import io.keepup.engine.VolumeOverview;
import io.keepup.engine.message.Command;
import io.keepup.engine.message.Event;
import io.keepup.engine.state.VolumeState;
import io.keepup.schemas.codec.RecordCodec;
import io.keepup.schemas.consumer.CutRecord;
import io.keepup.schemas.topic.Topics;
import io.keepup.service.text.OneLine;
import io.keepup.streams.mapping.CommandMapping;
import io.keepup.streams.mapping.ProjectionMapping;
import io.keepup.streams.state.StateCodec;
import io.keepup.v1.CutPart;
import io.keepup.v1.Meta;
import io.keepup.v1.RecordHeader;
import io.keepup.v1.RejectReason;
import io.keepup.v1.Rejected;
import io.keepup.v1.SessionRecord;
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

/**
 * Decides what follows from one record of the events topic: pure but for schema ids, which are cached. The app and every
 * audit decide by it. All that can go wrong goes wrong here, before the first write: in exactly-once mode a write made
 * before an exception would stand. Not thread-safe.
 */
public final class Decider {

    private static final String PROJECTION_ID = "projection/";
    private static final CutRecord WHOLE = new CutRecord(null, null, null);

    private final Intake intake;
    private final RecordCodec codec;
    private final Policy policy;
    private final Fold fold;
    private final String source;
    private final OutputHeaders headers;
    private final StateCodec states = new StateCodec();

    /** @param partitions of the events topic */
    public Decider(RecordCodec codec, Policy policy, int partitions) {
        this.intake = new Intake(codec, partitions);
        this.codec = codec;
        this.policy = policy;
        this.fold = new Fold(policy);
        this.source = "engine/" + policy.name();
        this.headers = new OutputHeaders(source);
    }

    /**
     * The outcome of a record.
     *
     * @param volumes state by volume id, the initial one for a volume not heard of
     * @throws io.keepup.schemas.registry.RegistryException when the registry is away: nothing happened, ask again
     */
    public Outcome decide(SourceRecord record, Function<String, VolumeState> volumes) {
        Ruling ruling = rule(record, volumes);
        List<Output> outputs = outputs(ruling);
        return switch (ruling) {
            case Ruling.Refused refused -> new Outcome(null, null, outputs, refused.reason());
            case Ruling.Admitted admitted -> {
                VolumeState next = admitted.step().state();
                yield next == admitted.before()
                        ? new Outcome(null, null, outputs, null)
                        : new Outcome(next, states.encode(next), outputs, null);
            }
        };
    }

    /**
     * What a record comes to.
     *
     * @param volumes state by volume id, the initial one for a volume not heard of
     * @throws io.keepup.schemas.registry.RegistryException when the registry is away: nothing happened, ask again
     */
    public Ruling rule(SourceRecord record, Function<String, VolumeState> volumes) {
        return switch (intake.read(record)) {
            case Intake.Refused refused ->
                new Ruling.Refused(record, refused.said(), refused.reason(), refused.detail());
            case Intake.Understood understood -> folded(record, understood, volumes);
        };
    }

    private Ruling folded(SourceRecord record, Intake.Understood understood, Function<String, VolumeState> volumes) {
        Event event = understood.event();
        VolumeState before = volumes.apply(event.meta().volumeId());
        return switch (fold.apply(before, event)) {
            case Admission.Rejected refused ->
                new Ruling.Refused(
                        record,
                        understood.said(),
                        RejectReason.valueOf(refused.reason().word()),
                        refused.detail());
            case Step step -> new Ruling.Admitted(record, understood.said(), event, before, step);
        };
    }

    /** All records to be sent after a ruling, in this order. */
    public List<Output> outputs(Ruling ruling) {
        return switch (ruling) {
            case Ruling.Refused refused -> List.of(rejected(refused));
            case Ruling.Admitted admitted -> stepped(admitted);
        };
    }

    private List<Output> stepped(Ruling.Admitted admitted) {
        List<Output> outputs = new ArrayList<>();
        for (Command command : admitted.step().commands()) {
            for (String target : command.targets()) {
                outputs.add(command(admitted.record(), command, target));
            }
        }
        if (admitted.step().state() != admitted.before()) {
            for (SessionRecord entry : Ledger.of(admitted, source)) {
                outputs.add(session(admitted.record(), entry));
            }
        }
        projection(admitted).ifPresent(outputs::add);
        return outputs;
    }

    private Output command(SourceRecord record, Command command, String target) {
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

    private Output session(SourceRecord record, SessionRecord entry) {
        Meta meta = entry.getMeta();
        String key = meta.getVolumeId() + "/" + entry.getSessionId();
        return output(record, KeepupTopology.SINK_SESSIONS, Topics.SESSIONS, key, entry, meta);
    }

    /** The projection, if it differs from the one before, or that one was overwritten [Q5]. */
    private Optional<Output> projection(Ruling.Admitted admitted) {
        Event event = admitted.event();
        VolumeState before = admitted.before();
        VolumeState after = admitted.step().state();
        boolean overwritten = event instanceof Event.ProjectionOverwritten;
        if (after == before && !overwritten) {
            return Optional.empty();
        }
        Meta meta = new Meta(
                PROJECTION_ID + event.meta().eventId(),
                after.volumeId(),
                after.primaryId(),
                after.epoch(),
                Instant.ofEpochMilli(event.meta().occurredAt()),
                source);
        VolumeProjection next = ProjectionMapping.toWire(VolumeOverview.of(policy, after), meta);
        boolean same = !overwritten
                && before.epoch() == after.epoch()
                && !ProjectionMapping.numbersDiffer(before, after)
                && next.equals(ProjectionMapping.toWire(VolumeOverview.of(policy, before), meta));
        return same
                ? Optional.empty()
                : Optional.of(output(
                        admitted.record(),
                        KeepupTopology.SINK_PROJECTIONS,
                        Topics.PROJECTIONS,
                        after.volumeId(),
                        next,
                        meta));
    }

    private Output output(SourceRecord cause, String sink, String topic, String key, SpecificRecord value, Meta meta) {
        String type = value.getSchema().getFullName();
        return new Output(
                sink,
                topic,
                value.getSchema().getName(),
                key.getBytes(StandardCharsets.UTF_8),
                codec.encode(topic, value),
                headers.of(cause, type, meta.getEventId(), meta.getOccurredAt()));
    }

    /** The record as far as it is kept, with the reason; its id is its place on the topic. */
    private Output rejected(Ruling.Refused refused) {
        SourceRecord record = refused.record();
        CutRecord cut = record.cut() == null ? WHOLE : record.cut();
        List<RecordHeader> given = new ArrayList<>();
        for (Header header : record.headers()) {
            if (header != cut) {
                given.add(new RecordHeader(header.key(), buffer(header.value())));
            }
        }
        Rejected rejected = new Rejected(
                record.topic(),
                record.partition(),
                record.offset(),
                Instant.ofEpochMilli(record.timestamp()),
                buffer(record.key()),
                buffer(
                        cut.valuePart() == null
                                ? record.value()
                                : cut.valuePart().kept()),
                given,
                refused.reason(),
                OneLine.of(refused.detail()),
                Engine.VERSION,
                cutPart(cut.keyPart()),
                cutPart(cut.valuePart()),
                cutPart(cut.headersPart()));
        String id = "rejected/%s/%s/%s".formatted(record.topic(), record.partition(), record.offset());
        return new Output(
                KeepupTopology.SINK_REJECTED,
                Topics.REJECTED,
                Rejected.SCHEMA$.getName(),
                record.key(),
                codec.encode(Topics.REJECTED, rejected),
                headers.of(record, Rejected.SCHEMA$.getFullName(), id, Instant.ofEpochMilli(record.timestamp())));
    }

    private static CutPart cutPart(CutRecord.Part part) {
        return part == null ? null : new CutPart(part.bytes(), part.sha256());
    }

    private static ByteBuffer buffer(byte[] bytes) {
        return bytes == null ? null : ByteBuffer.wrap(bytes);
    }
}
