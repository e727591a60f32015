package io.keepup.streams.fold;

import io.keepup.schemas.consumer.CutRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Headers;

/**
 * One record of the events topic as it lies there.
 *
 * @param timestamp ms since 1970; 0 when the producer gave none, or one before that
 * @param key null when the record has none
 * @param value null when the record has none
 * @param headers the first says it when the record was cut
 */
public record SourceRecord(
        String topic, int partition, long offset, long timestamp, byte[] key, byte[] value, Headers headers) {

    public SourceRecord {
        timestamp = Math.max(0, timestamp); // whoever writes without Kafka's own producer may send any
    }

    /** What was cut of it, null when it is whole. */
    CutRecord cut() {
        return CutRecord.of(headers);
    }

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
