package io.keepup.streams.fold;

import io.keepup.engine.Policy;
import io.keepup.schemas.codec.RecordCodec;
import io.keepup.schemas.topic.TopicSpec;
import io.keepup.schemas.topic.Topics;
import io.keepup.streams.metrics.FoldMetrics;
import io.keepup.streams.view.PublishedProjections;
import io.keepup.streams.watchdog.WatchdogSettings;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.AutoOffsetReset;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;

/**
 * The whole topology.
 *
 * <pre>
 *  events ──► fold ──┬──► commands-node
 *     ▲      volumes ├──► commands-session
 *     │              ├──► projections
 *     │              ├──► sessions
 *     │              ├──► rejected
 *     └── watchdog ◄─┘
 * </pre>
 *
 * What the watchdog says goes onto the events topic, to be folded in its order like everything else.
 *
 * <p>Bytes go in and come out: a deserializer that throws would take the decision about bad input away from the fold.
 */
public final class KeepupTopology {

    public static final String SOURCE_EVENTS = "events";
    public static final String PROCESSOR_FOLD = "fold";

    /**
     * Key volume id, value {@link io.keepup.streams.state.StateCodec}; the changelog carries its name. Held in memory: the
     * changelog is its disk, and the volumes are in memory anyway to be folded.
     */
    public static final String STORE_VOLUMES = "volumes";

    /**
     * One {@link io.keepup.streams.state.FoldedMark} of all volumes. Cached, so that its changelog gets one record a commit and
     * not one an event.
     */
    public static final String STORE_FOLDED = "folded";

    public static final String SINK_COMMANDS_NODE = "commands-node";
    public static final String SINK_COMMANDS_SESSION = "commands-session";
    public static final String SINK_PROJECTIONS = "projections";
    public static final String SINK_SESSIONS = "sessions";
    public static final String SINK_REJECTED = "rejected";

    /** The events topic again: by the same key to the same partition. */
    public static final String SINK_WATCHDOG = "watchdog";

    private KeepupTopology() {}

    /**
     * Builds it.
     *
     * @param partitions of the events topic
     * @param clock for people, who read when the watchdog said something
     * @param published the projections as they are on their topic, to find those that somebody else wrote
     */
    public static Topology build(
            RecordCodec codec,
            Policy policy,
            int partitions,
            WatchdogSettings watchdog,
            Clock clock,
            RegistryPatience patience,
            FoldMetrics metrics,
            StateRecovery recovery,
            PublishedProjections published) {
        Topology topology = new Topology();
        topology.addSource(
                AutoOffsetReset.earliest(),
                SOURCE_EVENTS,
                (record, partitionTime) -> Math.max(0, record.timestamp()), // Kafka Streams' own dies of a negative one
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer(),
                Topics.EVENTS);
        topology.addProcessor(
                PROCESSOR_FOLD,
                () -> new FoldProcessor(
                        codec, policy, partitions, watchdog, clock, patience, metrics, recovery, published),
                SOURCE_EVENTS);
        topology.addStateStore(volumes(), PROCESSOR_FOLD);
        topology.addStateStore(folded(), PROCESSOR_FOLD);
        sink(topology, SINK_COMMANDS_NODE, Topics.COMMANDS_NODE);
        sink(topology, SINK_COMMANDS_SESSION, Topics.COMMANDS_SESSION);
        sink(topology, SINK_PROJECTIONS, Topics.PROJECTIONS);
        sink(topology, SINK_SESSIONS, Topics.SESSIONS);
        sink(topology, SINK_REJECTED, Topics.REJECTED);
        sink(topology, SINK_WATCHDOG, Topics.EVENTS);
        return topology;
    }

    /**
     * The topics behind the stores, by the names Kafka Streams gives them; that of the volumes first.
     *
     * @param partitions as many as the events topic has
     */
    public static List<TopicSpec> changelogs(String applicationId, int partitions) {
        return Stream.of(STORE_VOLUMES, STORE_FOLDED)
                .map(store -> new TopicSpec(
                        "%s-%s-changelog".formatted(applicationId, store),
                        TopicSpec.Key.VOLUME,
                        partitions,
                        TopicSpec.Cleanup.COMPACT,
                        Map.of(
                                // A task that begins without a standby reads all of it; the newest segment is never
                                // compacted.
                                "segment.bytes", String.valueOf(16 << 20),
                                "max.message.bytes", String.valueOf(Topics.EVENTS_MAX_MESSAGE_BYTES),
                                "message.timestamp.type", "CreateTime"),
                        List.of()))
                .toList();
    }

    private static StoreBuilder<KeyValueStore<String, byte[]>> volumes() {
        return Stores.keyValueStoreBuilder(
                        Stores.inMemoryKeyValueStore(STORE_VOLUMES), Serdes.String(), Serdes.ByteArray())
                .withLoggingEnabled(Map.of())
                .withCachingDisabled();
    }

    private static StoreBuilder<KeyValueStore<String, byte[]>> folded() {
        return Stores.keyValueStoreBuilder(
                        Stores.inMemoryKeyValueStore(STORE_FOLDED), Serdes.String(), Serdes.ByteArray())
                .withLoggingEnabled(Map.of())
                .withCachingEnabled();
    }

    private static void sink(Topology topology, String name, String topic) {
        topology.addSink(name, topic, new ByteArraySerializer(), new ByteArraySerializer(), PROCESSOR_FOLD);
    }
}
