package io.keepup.bench.simulate.log;

import org.apache.kafka.common.header.Headers;

/** A record to be written. */
public record Draft(String topic, byte[] key, byte[] value, Headers headers) {}
