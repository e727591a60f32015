package io.keepup.bench.simulate.log;

import org.apache.kafka.common.header.Headers;

/**
 * A record as it lies on its topic.
 *
 * @param at virtual time it was written, ns
 * @param timestamp ms since 1970
 * @param marker a transaction's end: it takes an offset, and nobody is given it
 * @param by who wrote it
 */
public record Stored(
        String topic,
        long offset,
        long at,
        long timestamp,
        byte[] key,
        byte[] value,
        Headers headers,
        boolean marker,
        String by) {}
