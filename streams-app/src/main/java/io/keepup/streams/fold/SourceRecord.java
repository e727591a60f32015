package io.keepup.streams.fold;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Headers;

/**
 * One record of the events topic as it lies there.
 *
 * @param timestamp ms since 1970
 * @param key null when the record has none
 * @param value null when the record has none
 */
public record SourceRecord(
        String topic, int partition, long offset, long timestamp, byte[] key, byte[] value, Headers headers) {

    /** The same as a consumer was given it. */
    public static SourceRecord of(ConsumerRecord<byte[], byte[]> record) {
        return new SourceRecord(
                record.topic(),
                record.partition(),
                record.offset(),
                record.timestamp(),
                record.key(),
                record.value(),
                record.headers());
    }
}
