package io.keepup.bench.fold;

import io.keepup.bench.VolumeLife;
import io.keepup.engine.message.Event;
import io.keepup.schemas.codec.CloudEventHeaders;
import io.keepup.schemas.codec.RecordCodec;
import io.keepup.schemas.topic.KeyPartitions;
import io.keepup.schemas.topic.Topics;
import io.keepup.v1.Meta;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.header.Header;

/**
 * Real events of many volumes, in turn: each volume says its next one, then the next volume. The volumes are spread over
 * the partitions evenly. Not thread-safe.
 */
public final class Load {

    private static final int NODES = 60;

    private final RecordCodec codec;
    private final List<VolumeLife> volumes = new ArrayList<>();
    private int turn;

    /** What is to be sent: bytes as they lie on the events topic. */
    public record Sent(String eventId, byte[] key, byte[] value, List<Header> headers) {}

    /**
     * @param name what the volumes' names begin with
     * @param partitions of the events topic
     */
    public Load(String name, int volumes, int partitions, RecordCodec codec) {
        this(name, volumes, partitions, codec, VolumeLife.Course.recovery);
    }

    /**
     * @param name what the volumes' names begin with
     * @param partitions of the events topic
     */
    public Load(String name, int volumes, int partitions, RecordCodec codec, VolumeLife.Course course) {
        this.codec = codec;
        long now = System.currentTimeMillis(); // of today, or the watchdog would find every deadline past
        for (int i = 0, number = 0; i < volumes; number++) {
            String volumeId = name + "-" + number;
            if (KeyPartitions.partitionFor(volumeId, partitions) == i % partitions) {
                this.volumes.add(new VolumeLife(volumeId, nodes(i), now, course));
                i++;
            }
        }
    }

    private static VolumeLife.Nodes nodes(int volume) {
        return new VolumeLife.Nodes(node(volume), node(volume + 1), node(volume + 2));
    }

    private static String node(int number) {
        return "vs-" + number % NODES;
    }

    /** Events that assign every volume and open its gates. */
    public int bootstrap() {
        return VolumeLife.BOOTSTRAP * volumes.size();
    }

    /** Events by which every volume goes through one cycle. */
    public int cycle() {
        return VolumeLife.CYCLE * volumes.size();
    }

    int volumes() {
        return volumes.size();
    }

    /** The next event of the volume whose turn it is. */
    public Sent next() {
        Event event = volumes.get(turn).next();
        turn = (turn + 1) % volumes.size();
        SpecificRecord record = WireEvents.of(event);
        Meta meta = (Meta) record.get(0);
        return new Sent(
                meta.getEventId(),
                meta.getVolumeId().getBytes(StandardCharsets.UTF_8),
                codec.encode(Topics.EVENTS, record),
                CloudEventHeaders.of(record.getSchema().getFullName(), meta));
    }
}
