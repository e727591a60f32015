package io.keepup.streams.audit.verify;

import io.keepup.schemas.topic.KeyPartitions;
import io.keepup.streams.audit.Extent;
import io.keepup.streams.fold.Output;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.TopicPartition;

/** All that the topics hold of one events partition: a shelf for each partition of each topic. */
final class Shelves {

    private final Map<String, Shelf[]> topics = new HashMap<>();

    Shelves(Extent extent) {
        Map<String, Integer> partitions = new HashMap<>();
        extent.outputs().keySet().forEach(p -> partitions.merge(p.topic(), 1, Integer::sum));
        partitions.forEach((topic, count) -> {
            Shelf[] all = new Shelf[count];
            for (int i = 0; i < count; i++) {
                TopicPartition partition = new TopicPartition(topic, i);
                all[i] = new Shelf(partition, extent.outputs().get(partition) == 0);
            }
            topics.put(topic, all);
        });
    }

    /** Whether anything is known of a topic; a file may be older than it. */
    boolean know(String topic) {
        return topics.containsKey(topic);
    }

    Shelf of(TopicPartition partition) {
        return topics.get(partition.topic())[partition.partition()];
    }

    /** Where an output belongs: the one place that its key leads to, or any when it has none. */
    List<Shelf> homes(Output output) {
        Shelf[] all = topics.get(output.topic());
        return output.key() == null ? List.of(all) : List.of(all[KeyPartitions.partitionFor(output.key(), all.length)]);
    }

    /** Takes all that is left of events up to that one. */
    List<Found> takeUpTo(long cause) {
        List<Found> left = new ArrayList<>(0);
        for (Shelf[] all : topics.values()) {
            for (Shelf shelf : all) {
                shelf.takeUpTo(cause, left);
            }
        }
        return left;
    }
}
