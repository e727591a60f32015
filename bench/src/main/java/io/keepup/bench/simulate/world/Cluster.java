package io.keepup.bench.simulate.world;

import io.keepup.bench.simulate.log.Draft;
import io.keepup.bench.simulate.log.SimulatedLog;
import io.keepup.bench.simulate.time.Scheduler;
import io.keepup.engine.Policy;
import io.keepup.engine.VolumeOverview;
import io.keepup.schemas.codec.CloudEventHeaders;
import io.keepup.schemas.codec.RecordCodec;
import io.keepup.schemas.topic.Topics;
import io.keepup.v1.Meta;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Map;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;

/** All that a history consists of. */
public record Cluster(
        Scheduler time,
        SimulatedLog log,
        RecordCodec codec,
        Policy policy,
        SimulatedStreams streams,
        Map<String, SimulatedNode> nodes) {

    /** The volume as the fold has it now. */
    public VolumeOverview overview(String volumeId) {
        return VolumeOverview.of(policy, streams.volume(volumeId));
    }

    /** Puts an event on the log after a while. */
    void say(SpecificRecord event, Meta meta, long afterNanos) {
        byte[] value = codec.encode(Topics.EVENTS, event);
        Draft draft = new Draft(
                Topics.EVENTS,
                meta.getVolumeId().getBytes(StandardCharsets.UTF_8),
                value,
                new RecordHeaders(CloudEventHeaders.of(event.getSchema().getFullName(), meta)));
        time.after(afterNanos, () -> log.append(draft, time.millis(), meta.getSource()));
    }

    Instant instant() {
        return Instant.ofEpochMilli(time.millis());
    }
}
