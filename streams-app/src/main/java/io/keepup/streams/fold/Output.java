package io.keepup.streams.fold;

import org.apache.kafka.common.header.Headers;

/**
 * One record that the fold sends.
 *
 * @param sink name of the topology's node
 * @param type record type, for counting
 * @param key null when it stands for a refused record without one
 */
public record Output(String sink, String topic, String type, byte[] key, byte[] value, Headers headers) {}
