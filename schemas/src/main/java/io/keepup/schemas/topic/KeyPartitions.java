package io.keepup.schemas.topic;

import java.nio.charset.StandardCharsets;
import org.apache.kafka.clients.producer.internals.BuiltInPartitioner;

/** Which partition a key lands on, so that a node can assign itself just the partition of its own commands. */
public final class KeyPartitions {

    private KeyPartitions() {}

    /** The partition Kafka's default partitioner picks for this UTF-8 string key. */
    public static int partitionFor(String key, int partitions) {
        return partitionFor(key.getBytes(StandardCharsets.UTF_8), partitions);
    }

    /** The same for a key of any bytes. */
    public static int partitionFor(byte[] key, int partitions) {
        return BuiltInPartitioner.partitionForKey(key, partitions);
    }
}
