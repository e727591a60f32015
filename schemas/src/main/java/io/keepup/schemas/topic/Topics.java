package io.keepup.schemas.topic;

import io.keepup.schemas.topic.TopicSpec.Cleanup;
import io.keepup.schemas.topic.TopicSpec.Key;
import io.keepup.v1.ApplyRole;
import io.keepup.v1.AssignmentDelivered;
import io.keepup.v1.BarrierConfirmed;
import io.keepup.v1.BaseChunk;
import io.keepup.v1.BaseEnd;
import io.keepup.v1.BaseManifest;
import io.keepup.v1.CancelRequested;
import io.keepup.v1.CancelSession;
import io.keepup.v1.ConfigureShipper;
import io.keepup.v1.IssueCatchUp;
import io.keepup.v1.IssueRebuild;
import io.keepup.v1.PrimarySilent;
import io.keepup.v1.ProjectionOverwritten;
import io.keepup.v1.ReadinessObserved;
import io.keepup.v1.RebuildRequested;
import io.keepup.v1.Rejected;
import io.keepup.v1.SessionCompleted;
import io.keepup.v1.SessionFailed;
import io.keepup.v1.SessionProgress;
import io.keepup.v1.SessionRecord;
import io.keepup.v1.StartReceiver;
import io.keepup.v1.SyncAckReceived;
import io.keepup.v1.SyncAnswer;
import io.keepup.v1.SyncRequest;
import io.keepup.v1.VolumeProjection;
import io.keepup.v1.WalBatch;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.avro.Schema;

/** The topic catalogue: the one place that knows names, keys, partitions, policies and record types. */
public final class Topics {

    public static final String EVENTS = "keepup.events.v1";
    public static final String COMMANDS_NODE = "keepup.commands.node.v1";
    public static final String COMMANDS_SESSION = "keepup.commands.session.v1";
    public static final String PROJECTIONS = "keepup.projections.v1";
    public static final String SESSIONS = "keepup.sessions.v1";
    public static final String REJECTED = "keepup.rejected.v1";
    public static final String SYNC_REQUESTS = "keepup.sync.requests.v1";
    public static final String SYNC_ACKS = "keepup.sync.acks.v1";

    /** Partitions of the topics that many volumes share; the upper bound of fold parallelism. */
    public static final int DEFAULT_PARTITIONS = 4;

    /** Largest record on the lanes, bytes: a 1 MiB chunk or batch with room for its envelope. */
    public static final int LANE_MAX_MESSAGE_BYTES = 4 << 20;

    /**
     * Largest value of an event, bytes: room for a thousand replicas. What follows from an event grows with it, and must fit
     * the output topics and the changelog, where brokers take 1 MiB when nothing else is said.
     */
    public static final int MAX_EVENT_BYTES = 256 << 10;

    /**
     * Largest batch on the events topic, bytes. An event has a few hundred; the rest is room for what is none, so that it
     * can be kept and shown. What is larger the broker refuses to its producer.
     */
    public static final int EVENTS_MAX_MESSAGE_BYTES = 16 << 20;

    /**
     * Largest batch on the rejected topic, bytes: whatever the events topic took must fit here whole, or the fold could not
     * get past it. The key of a refused record stands here twice, as key and within.
     */
    public static final int REJECTED_MAX_MESSAGE_BYTES = 2 * EVENTS_MAX_MESSAGE_BYTES + (1 << 20);

    /** Size of a base lane's segment, bytes: what is consumed can go only when a segment is full. */
    private static final int BASE_SEGMENT_BYTES = 32 << 20;

    private static final RecordBounds EVENT_BOUNDS = RecordBounds.ofValues(MAX_EVENT_BYTES);
    private static final RecordBounds SHARED_BOUNDS = RecordBounds.ofValues(1 << 20);
    private static final RecordBounds OTHER_BOUNDS = RecordBounds.ofValues(EVENTS_MAX_MESSAGE_BYTES);

    /**
     * Records have the time at which the broker took them: one whose node's clock is hours ahead would be refused, and one hours
     * behind would be over its retention at once.
     */
    private static final Map<String, String> BROKER_TIME = Map.of("message.timestamp.type", "LogAppendTime");

    private static final Map<String, String> FOREVER = with(BROKER_TIME, "retention.ms", -1, "retention.bytes", -1);

    private Topics() {}

    /** The topics all volumes share, with {@link #DEFAULT_PARTITIONS}. */
    public static List<TopicSpec> shared() {
        return shared(DEFAULT_PARTITIONS);
    }

    /** The topics all volumes share. Events and outputs are the audit log: kept until an operator says otherwise. */
    public static List<TopicSpec> shared(int partitions) {
        return List.of(
                new TopicSpec(
                        EVENTS,
                        Key.VOLUME,
                        partitions,
                        Cleanup.DELETE,
                        with(FOREVER, "max.message.bytes", EVENTS_MAX_MESSAGE_BYTES),
                        eventTypes()),
                new TopicSpec(
                        COMMANDS_NODE,
                        Key.NODE,
                        partitions,
                        Cleanup.DELETE,
                        FOREVER,
                        schemas(ApplyRole.SCHEMA$, ConfigureShipper.SCHEMA$, StartReceiver.SCHEMA$)),
                new TopicSpec(
                        COMMANDS_SESSION,
                        Key.NODE,
                        partitions,
                        Cleanup.DELETE,
                        FOREVER,
                        schemas(IssueCatchUp.SCHEMA$, IssueRebuild.SCHEMA$, CancelSession.SCHEMA$)),
                new TopicSpec(
                        PROJECTIONS,
                        Key.VOLUME,
                        partitions,
                        Cleanup.COMPACT,
                        BROKER_TIME,
                        schemas(VolumeProjection.SCHEMA$)),
                new TopicSpec(
                        SESSIONS,
                        Key.VOLUME_SESSION,
                        partitions,
                        Cleanup.COMPACT,
                        BROKER_TIME,
                        schemas(SessionRecord.SCHEMA$)),
                new TopicSpec(
                        REJECTED,
                        Key.SOURCE,
                        partitions,
                        Cleanup.DELETE,
                        with(FOREVER, "max.message.bytes", REJECTED_MAX_MESSAGE_BYTES),
                        schemas(Rejected.SCHEMA$)),
                new TopicSpec(
                        SYNC_REQUESTS, Key.NODE, partitions, Cleanup.DELETE, ephemeral(), schemas(SyncRequest.SCHEMA$)),
                new TopicSpec(
                        SYNC_ACKS, Key.NODE, partitions, Cleanup.DELETE, ephemeral(), schemas(SyncAnswer.SCHEMA$)));
    }

    /**
     * The two lanes of one volume. Nothing on them expires by age: the primary trims by deleting records, the base lane's
     * while a base is on its way. A broker gives the space back in whole segments.
     */
    public static List<TopicSpec> lanes(String volumeId) {
        Map<String, String> lane =
                with(FOREVER, "file.delete.delay.ms", 1_000, "max.message.bytes", LANE_MAX_MESSAGE_BYTES);
        Map<String, String> baseLane = with(lane, "segment.bytes", BASE_SEGMENT_BYTES);
        return List.of(
                new TopicSpec(wal(volumeId), Key.VOLUME, 1, Cleanup.DELETE, lane, schemas(WalBatch.SCHEMA$)),
                new TopicSpec(
                        base(volumeId),
                        Key.SESSION,
                        1,
                        Cleanup.DELETE,
                        baseLane,
                        schemas(BaseManifest.SCHEMA$, BaseChunk.SCHEMA$, BaseEnd.SCHEMA$)));
    }

    /** How large a record of a topic may be that its readers are given whole: one of ours, with room. */
    public static RecordBounds bounds(String topic) {
        return switch (topic) {
            case EVENTS -> EVENT_BOUNDS;
            case COMMANDS_NODE, COMMANDS_SESSION, PROJECTIONS, SESSIONS, REJECTED, SYNC_REQUESTS, SYNC_ACKS ->
                SHARED_BOUNDS;
            default -> OTHER_BOUNDS; // lanes, and the changelog
        };
    }

    /** Name of the WAL lane of a volume. */
    public static String wal(String volumeId) {
        return "keepup.wal." + volumeId + ".v1";
    }

    /** Name of the base lane of a volume. */
    public static String base(String volumeId) {
        return "keepup.base." + volumeId + ".v1";
    }

    /** The seven events of the protocol, what operators wish, and what the watchdog misses. */
    public static List<Schema> eventTypes() {
        return schemas(
                AssignmentDelivered.SCHEMA$,
                ReadinessObserved.SCHEMA$,
                SyncAckReceived.SCHEMA$,
                SessionProgress.SCHEMA$,
                SessionCompleted.SCHEMA$,
                SessionFailed.SCHEMA$,
                BarrierConfirmed.SCHEMA$,
                RebuildRequested.SCHEMA$,
                CancelRequested.SCHEMA$,
                PrimarySilent.SCHEMA$,
                ProjectionOverwritten.SCHEMA$);
    }

    private static Map<String, String> with(Map<String, String> config, String name, int value) {
        Map<String, String> more = new HashMap<>(config);
        more.put(name, String.valueOf(value));
        return more;
    }

    private static Map<String, String> with(
            Map<String, String> config, String name, int value, String other, int otherValue) {
        return with(with(config, name, value), other, otherValue);
    }

    private static Map<String, String> ephemeral() {
        return with(BROKER_TIME, "retention.ms", 3_600_000);
    }

    private static List<Schema> schemas(Schema... schemas) {
        return List.of(schemas);
    }
}
