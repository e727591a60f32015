package io.keepup.streams.audit;

import java.util.Map;
import org.apache.kafka.common.TopicPartition;

/**
 * How much of the topics an audit sees.
 *
 * @param volumeId the volume, null for all of the partition
 * @param partition of the events topic
 * @param partitions how many the events topic has
 * @param begin first offset that is still there: what was before, retention took
 * @param end every event before this offset is seen, none from it on
 * @param outputs first offset that is still there, for every partition of the topics the fold writes
 */
public record Extent(
        String volumeId, int partition, int partitions, long begin, long end, Map<TopicPartition, Long> outputs) {

    public Extent {
        outputs = Map.copyOf(outputs);
    }

    /** The same up to an earlier end. */
    public Extent until(long earlier) {
        return new Extent(volumeId, partition, partitions, begin, Math.min(end, earlier), outputs);
    }
}
