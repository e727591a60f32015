package io.keepup.node.world;

import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.errors.TimeoutException;

/** Gives records to producers so that it is clear whether they were taken. */
public final class Sends {

    private static final Object TAKEN = new Object();

    private Sends() {}

    /**
     * Sends a record. A producer that knows no broker, or has no room, for its {@code max.block.ms} does not throw: it calls
     * back as if the record had been under way and failed. Here it was not taken, the callback hears nothing, and it may be
     * sent again without leaving a gap.
     *
     * @param callback hears the outcome of a record that was taken
     * @throws TimeoutException when it was not taken
     */
    public static void send(
            Producer<byte[], byte[]> producer, ProducerRecord<byte[], byte[]> record, Callback callback) {
        AtomicReference<Object> state = new AtomicReference<>();
        producer.send(record, (at, failure) -> {
            if (!(failure instanceof TimeoutException) || !state.compareAndSet(null, failure)) {
                callback.onCompletion(at, failure);
            }
        });
        if (!state.compareAndSet(null, TAKEN)) {
            throw (TimeoutException) state.get();
        }
    }
}
