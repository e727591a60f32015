package io.keepup.schemas.consumer;

import io.keepup.schemas.consumer.CutRecord.Part;
import io.keepup.schemas.topic.RecordBounds;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.function.Function;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.utils.Utils;

/**
 * Cuts the parts of records that Kafka's consumer has decompressed: key and value as it hands them to its deserializers, so
 * that it never holds more than one large record of a poll, the headers when it is done.
 *
 * @param bounds by the name of a topic
 * @param values from the bytes of a value to what the reader is given
 */
record BoundedParts<V>(Function<String, RecordBounds> bounds, Function<ByteBuffer, V> values) {

    private static final byte[] NONE = {};

    Deserializer<byte[]> keyDeserializer() {
        return new Deserializer<>() {
            @Override
            public byte[] deserialize(String topic, byte[] key) {
                throw new UnsupportedOperationException("the consumer gives buffers");
            }

            @Override
            public byte[] deserialize(String topic, Headers headers, ByteBuffer key) {
                int bound = bounds.apply(topic).key();
                if (key.remaining() <= bound) {
                    return Utils.toArray(key);
                }
                Part part = part(key, bound);
                headers.add(new CutRecord(part, null, null));
                return part.kept();
            }
        };
    }

    Deserializer<V> valueDeserializer() {
        return new Deserializer<>() {
            @Override
            public V deserialize(String topic, byte[] value) {
                throw new UnsupportedOperationException("the consumer gives buffers");
            }

            @Override
            public V deserialize(String topic, Headers headers, ByteBuffer value) {
                if (value.remaining() <= bounds.apply(topic).value()) {
                    return values.apply(value);
                }
                headers.add(new CutRecord(null, part(value, RecordBounds.KEPT_VALUE), null));
                return values.apply(ByteBuffer.wrap(NONE));
            }
        };
    }

    private static Part part(ByteBuffer bytes, int keep) {
        PartDigest digest = new PartDigest();
        digest.write(bytes.duplicate());
        return digest.part(Utils.toArray(bytes, 0, keep));
    }

    /** The same of a record whose parts went through no deserializer. */
    ConsumerRecord<byte[], V> again(ConsumerRecord<byte[], byte[]> record) {
        RecordHeaders headers = new RecordHeaders(record.headers());
        byte[] key = record.key();
        byte[] value = record.value();
        return bounded(with(
                record,
                key == null ? null : keyDeserializer().deserialize(record.topic(), headers, ByteBuffer.wrap(key)),
                value == null ? null : valueDeserializer().deserialize(record.topic(), headers, ByteBuffer.wrap(value)),
                headers));
    }

    /** The record as the reader is given it: itself when nothing of it was cut. */
    ConsumerRecord<byte[], V> bounded(ConsumerRecord<byte[], V> record) {
        int bound = bounds.apply(record.topic()).headers();
        long size = 0;
        boolean cut = false;
        for (Header header : record.headers()) {
            if (header instanceof CutRecord) {
                cut = true;
            } else {
                size += size(header);
            }
        }
        return cut || size > bound ? cut(record, bound) : record;
    }

    private static int size(Header header) {
        byte[] value = header.value();
        return RecordBounds.EACH_HEADER + Utils.utf8Length(header.key()) + (value == null ? 0 : value.length);
    }

    private ConsumerRecord<byte[], V> cut(ConsumerRecord<byte[], V> record, int bound) {
        Part key = null;
        Part value = null;
        PartDigest digest = new PartDigest();
        RecordHeaders kept = new RecordHeaders();
        long size = 0;
        for (Header header : record.headers()) {
            if (header instanceof CutRecord cut) {
                key = cut.keyPart() == null ? key : cut.keyPart();
                value = cut.valuePart() == null ? value : cut.valuePart();
                continue;
            }
            digest.header(header.key().getBytes(StandardCharsets.UTF_8));
            digest.header(header.value());
            size += size(header);
            if (size <= bound) {
                kept.add(header.key(), header.value());
            }
        }
        CutRecord cut = new CutRecord(key, value, size > bound ? digest.part(NONE) : null);
        return with(record, record.key(), record.value(), cut.before(kept));
    }

    /** A record in the place of another. */
    static <V> ConsumerRecord<byte[], V> with(ConsumerRecord<?, ?> place, byte[] key, V value, Headers headers) {
        return new ConsumerRecord<>(
                place.topic(),
                place.partition(),
                place.offset(),
                place.timestamp(),
                place.timestampType(),
                place.serializedKeySize(),
                place.serializedValueSize(),
                key,
                value,
                headers,
                place.leaderEpoch());
    }
}
