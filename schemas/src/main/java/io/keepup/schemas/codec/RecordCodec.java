package io.keepup.schemas.codec;

import io.keepup.schemas.consumer.CutRecord;
import java.nio.ByteBuffer;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** Turns records into the bytes on a topic and back. Implementations are thread-safe. */
public interface RecordCodec {

    /**
     * The value bytes of a record on a topic.
     *
     * @throws io.keepup.schemas.registry.RegistryException when the schema's id cannot be had
     */
    byte[] encode(String topic, SpecificRecord value);

    /**
     * The record in the value bytes of any topic, as the class this build knows. Its byte buffers may be views of these,
     * which must not be changed while the record is in use.
     *
     * @throws UndecodableException when the bytes are not a record of a known type, whatever they are
     * @throws io.keepup.schemas.registry.RegistryException when the registry cannot be reached: not a verdict on the
     *     bytes, try again
     */
    SpecificRecord decode(ByteBuffer bytes) throws UndecodableException;

    /** As {@link #decode(ByteBuffer)}, of what a consumer gave; a record that was cut is none of ours. */
    default SpecificRecord decode(ConsumerRecord<?, ?> record) throws UndecodableException {
        CutRecord cut = CutRecord.of(record.headers());
        if (cut != null) {
            throw new UndecodableException(cut.inWords() + ": more than a record of that topic may have");
        }
        return switch (record.value()) {
            case null -> throw new UndecodableException("it has no value");
            case byte[] bytes -> decode(bytes);
            case ByteBuffer bytes -> decode(bytes);
            default -> throw new IllegalArgumentException("values are bytes");
        };
    }

    /** As {@link #decode(ByteBuffer)}. */
    default SpecificRecord decode(byte[] bytes) throws UndecodableException {
        return decode(ByteBuffer.wrap(bytes));
    }
}
