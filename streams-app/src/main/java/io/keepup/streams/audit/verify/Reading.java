package io.keepup.streams.audit.verify;

import io.keepup.engine.Engine;
import io.keepup.schemas.codec.CloudEventHeaders;
import io.keepup.schemas.codec.RecordCodec;
import io.keepup.schemas.codec.UndecodableException;
import io.keepup.schemas.topic.TopicSpec;
import io.keepup.schemas.topic.Topics;
import io.keepup.streams.audit.Cause;
import io.keepup.streams.audit.Extent;
import io.keepup.v1.Meta;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.avro.Schema;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * Reads an output so that it can be held against what this build would write: a record of an older schema or engine is
 * written again with this build's, as if its content had been decided today. Not thread-safe.
 */
public final class Reading {

    private static final String ENGINE_VERSION = "engineVersion";

    /** Topics that are keyed by volume: there the key is what consumers go by. */
    private static final Set<String> BY_VOLUME = Set.of(Topics.PROJECTIONS, Topics.REJECTED);

    private final RecordCodec codec;
    private final Map<String, Set<String>> types;
    private final Map<String, Integer> ids = new HashMap<>();

    public Reading(RecordCodec codec) {
        this.codec = codec;
        this.types = Topics.shared().stream().collect(Collectors.toMap(TopicSpec::name, t -> t.records().stream()
                .map(Schema::getFullName)
                .collect(Collectors.toSet())));
    }

    /**
     * An output as it was read.
     *
     * @param volumeId the volume it speaks of; null when that cannot be made out
     * @param version of the engine that wrote it; -1 when it does not say
     * @param value what this build would have written, or the bytes as they are when it never would
     */
    public record Read(String volumeId, int version, byte[] value) {}

    public Read read(ConsumerRecord<byte[], byte[]> output) {
        SpecificRecord record = decoded(output);
        if (record == null) {
            return new Read(keyed(output), -1, output.value());
        }
        String volumeId = record.get(0) instanceof Meta meta && !BY_VOLUME.contains(output.topic())
                ? meta.getVolumeId()
                : keyed(output);
        Schema.Field field = record.getSchema().getField(ENGINE_VERSION);
        String type = record.getSchema().getFullName();
        if (field == null || !types.getOrDefault(output.topic(), Set.of()).contains(type)) {
            return new Read(volumeId, -1, output.value());
        }
        int version = (Integer) record.get(field.pos());
        if (version == Engine.VERSION && schemaId(output.value()) == idToday(output.topic(), type, record)) {
            return new Read(volumeId, version, output.value());
        }
        record.put(field.pos(), Engine.VERSION);
        return new Read(volumeId, version, codec.encode(output.topic(), record));
    }

    /** Whether an output has to do with the volume of the extent, by its value or by what its headers say of its cause. */
    public boolean concerns(Extent extent, ConsumerRecord<byte[], byte[]> output) {
        return concerns(extent, output, read(output));
    }

    boolean concerns(Extent extent, ConsumerRecord<byte[], byte[]> output, Read read) {
        return extent.volumeId().equals(read.volumeId())
                || Cause.of(output.headers()).stream().anyMatch(c -> c.partition() == extent.partition())
                        && (read.volumeId() == null || mentions(extent, output));
    }

    /** Its id names the volume, whatever its value says. */
    private static boolean mentions(Extent extent, ConsumerRecord<byte[], byte[]> output) {
        String id = Cause.text(output.headers(), CloudEventHeaders.ID);
        return id != null && id.startsWith(extent.volumeId() + "/");
    }

    /** The record in the value; null when there is none. */
    SpecificRecord decoded(ConsumerRecord<byte[], byte[]> output) {
        return output.value() == null ? null : decoded(output.value());
    }

    SpecificRecord decoded(byte[] value) {
        try {
            return codec.decode(value);
        } catch (UndecodableException e) {
            return null; // it is told as what it is: bytes that should not be there
        }
    }

    private int idToday(String topic, String type, SpecificRecord sample) {
        return ids.computeIfAbsent(topic + " " + type, t -> schemaId(codec.encode(topic, sample)));
    }

    private static int schemaId(byte[] value) {
        return (value[1] & 0xff) << 24 | (value[2] & 0xff) << 16 | (value[3] & 0xff) << 8 | value[4] & 0xff;
    }

    private static String keyed(ConsumerRecord<byte[], byte[]> output) {
        return BY_VOLUME.contains(output.topic()) && output.key() != null
                ? new String(output.key(), StandardCharsets.UTF_8)
                : null;
    }
}
