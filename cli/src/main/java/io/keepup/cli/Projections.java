package io.keepup.cli;

import io.keepup.schemas.topic.Topics;
import io.keepup.v1.VolumeProjection;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.apache.kafka.common.TopicPartition;

/** The volumes as they stand on the projections topic. */
final class Projections {

    private Projections() {}

    /** All volumes by id; what cannot be read is passed over with a note. */
    static SortedMap<String, VolumeProjection> all(ClusterOptions cluster) {
        SortedMap<String, VolumeProjection> projections = new TreeMap<>();
        try (TopicReader reader = new TopicReader(cluster.consumer())) {
            read(cluster, reader, reader.partitions(Topics.PROJECTIONS), projections, key -> true);
        }
        return projections;
    }

    /** One volume, whatever is on the topic of others; null when it is not there. */
    static VolumeProjection of(ClusterOptions cluster, String volumeId) {
        SortedMap<String, VolumeProjection> projections = new TreeMap<>();
        try (TopicReader reader = new TopicReader(cluster.consumer())) {
            List<TopicPartition> own = List.of(reader.partitionOf(Topics.PROJECTIONS, volumeId));
            read(cluster, reader, own, projections, volumeId::equals);
        }
        return projections.get(volumeId);
    }

    private static void read(
            ClusterOptions cluster,
            TopicReader reader,
            Collection<TopicPartition> partitions,
            SortedMap<String, VolumeProjection> into,
            Predicate<String> wanted) {
        try (ForeignRecords foreign = new ForeignRecords(cluster.codec(), System.err)) {
            reader.readToEnd(partitions, record -> {
                String volume = record.key() == null ? "" : new String(record.key(), StandardCharsets.UTF_8);
                if (!wanted.test(volume)) {
                    return;
                }
                if (record.value() == null) {
                    into.remove(volume);
                } else {
                    foreign.decode(record, VolumeProjection.class)
                            .filter(projection ->
                                    projection.getMeta().getVolumeId().equals(volume))
                            .ifPresent(projection -> into.put(volume, projection));
                }
            });
        }
    }
}
