package io.keepup.schemas.codec;

import java.nio.ByteBuffer;
import org.apache.avro.specific.SpecificRecord;

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

    /** As {@link #decode(ByteBuffer)}. */
    default SpecificRecord decode(byte[] bytes) throws UndecodableException {
        return decode(ByteBuffer.wrap(bytes));
    }
}
