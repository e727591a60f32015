package io.keepup.node;

import io.keepup.node.event.NodeEvents;
import io.keepup.node.kafka.KafkaClients;
import io.keepup.node.lane.LaneTopics;
import io.keepup.schemas.codec.RecordCodec;
import java.time.Clock;

/** What every part of one node shares. */
public record NodeContext(
        NodeSettings settings,
        Clock clock,
        KafkaClients kafka,
        RecordCodec codec,
        NodeEvents events,
        LaneTopics lanes,
        NodeMetrics metrics) {

    public String nodeId() {
        return settings.id();
    }
}
