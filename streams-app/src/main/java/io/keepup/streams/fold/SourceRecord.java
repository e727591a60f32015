package io.keepup.streams.fold;

import org.apache.kafka.common.header.Headers;

/**
 * One record of the events topic as it lies there.
 *
 * @param timestamp ms since 1970
 * @param key null when the record has none
 * @param value null when the record has none
 */
record SourceRecord(
        String topic, int partition, long offset, long timestamp, byte[] key, byte[] value, Headers headers) {}
