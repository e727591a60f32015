package io.keepup.cli;

import io.keepup.schemas.codec.RecordCodec;
import io.keepup.schemas.codec.UndecodableException;
import io.keepup.schemas.topic.Topics;
import io.keepup.v1.VolumeProjection;
import java.nio.charset.StandardCharsets;
import java.util.SortedMap;
import java.util.TreeMap;

/** The volumes as they stand on the projections topic. */
final class Projections {

    private Projections() {}

    /** By volume id. */
    static SortedMap<String, VolumeProjection> read(ClusterOptions cluster) {
        SortedMap<String, VolumeProjection> projections = new TreeMap<>();
        RecordCodec codec = cluster.codec();
        try (TopicReader reader = new TopicReader(cluster.consumer())) {
            reader.readToEnd(reader.partitions(Topics.PROJECTIONS), record -> {
                String volume = new String(record.key(), StandardCharsets.UTF_8);
                if (record.value() == null) {
                    projections.remove(volume);
                    return;
                }
                try {
                    projections.put(volume, (VolumeProjection) codec.decode(record.value()));
                } catch (UndecodableException e) {
                    throw new Failure(
                            "projection of %s at offset %s cannot be read: %s"
                                    .formatted(volume, record.offset(), e.getMessage()),
                            e);
                }
            });
        }
        return projections;
    }
}
