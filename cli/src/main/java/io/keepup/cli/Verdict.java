package io.keepup.cli;

import io.keepup.schemas.topic.Topics;
import io.keepup.v1.AssignmentDelivered;
import io.keepup.v1.Rejected;
import io.keepup.v1.VolumeProjection;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;

/** What the fold makes of an assignment: it hears of the volume from when it was made, so that nothing is missed. */
final class Verdict implements AutoCloseable {

    private static final Duration LIMIT = Duration.ofSeconds(10);
    private static final Duration POLL = Duration.ofMillis(100);

    private final Consumer<byte[], byte[]> consumer;
    private final ForeignRecords foreign;
    private final byte[] key;

    Verdict(ClusterOptions cluster, String volumeId) {
        consumer = cluster.consumer();
        foreign = new ForeignRecords(cluster.codec(), System.err);
        key = volumeId.getBytes(StandardCharsets.UTF_8);
        TopicReader reader = new TopicReader(consumer);
        List<TopicPartition> own = List.of(
                reader.partitionOf(Topics.PROJECTIONS, volumeId), reader.partitionOf(Topics.REJECTED, volumeId));
        consumer.assign(own);
        consumer.seekToEnd(own);
        own.forEach(consumer::position);
    }

    /**
     * The volume once the assignment is folded.
     *
     * @param before the volume before, or null: it may stand like this already, and then nothing more is said
     * @param published where the assignment's events lie
     * @throws Failure with the guard's reason when one of them was refused, or when nothing is heard in time
     */
    VolumeProjection of(Assignments assignment, List<RecordMetadata> published, VolumeProjection before) {
        if (before != null && assignment.isShownBy(before)) {
            return before;
        }
        long deadline = System.nanoTime() + LIMIT.toNanos();
        while (System.nanoTime() < deadline) {
            for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
                SpecificRecord said = Arrays.equals(record.key(), key) ? decode(record) : null;
                if (said instanceof Rejected refused) {
                    failIfRefused(assignment, published, refused);
                }
                if (said instanceof VolumeProjection now && assignment.isShownBy(now)) {
                    return now;
                }
            }
        }
        throw new Failure(
                "the assignment is on the log, but nobody has folded it within %s s: is the Streams app running ('keepup up', 'keepup streams')?"
                        .formatted(LIMIT.toSeconds()));
    }

    private static void failIfRefused(Assignments assignment, List<RecordMetadata> published, Rejected refused) {
        List<AssignmentDelivered> events = assignment.events();
        for (int i = 0; i < events.size(); i++) {
            boolean same = refused.getTopic().equals(Topics.EVENTS)
                    && refused.getPartition() == published.get(i).partition()
                    && refused.getOffset() == published.get(i).offset();
            if (same) {
                throw new Failure("%s as %s of %s was refused, %s: %s"
                        .formatted(
                                events.get(i).getMeta().getNodeId(),
                                events.get(i).getRole(),
                                assignment.volumeId(),
                                refused.getReason(),
                                refused.getDetail()));
            }
        }
    }

    private SpecificRecord decode(ConsumerRecord<byte[], byte[]> record) {
        return record.value() == null
                ? null
                : foreign.decode(record, SpecificRecord.class).orElse(null);
    }

    @Override
    public void close() {
        foreign.close();
        consumer.close(CloseOptions.timeout(Duration.ZERO));
    }
}
