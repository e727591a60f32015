package io.keepup.streams.audit.cluster;

import io.keepup.schemas.topic.KeyPartitions;
import io.keepup.schemas.topic.Topics;
import io.keepup.streams.audit.AuditException;
import io.keepup.streams.audit.AuditLog;
import io.keepup.streams.audit.Extent;
import io.keepup.streams.audit.Place;
import io.keepup.streams.audit.Progress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;

/**
 * One partition of the events topic on a cluster, up to the end it had at the start, and the topics that the fold writes.
 * Only committed records are seen. Records of other volumes are passed over by their key alone.
 */
public final class ClusterLog implements AuditLog {

    /** The topics that the fold writes. */
    public static final List<String> OUTPUTS = List.of(
            Topics.COMMANDS_NODE, Topics.COMMANDS_SESSION, Topics.PROJECTIONS, Topics.SESSIONS, Topics.REJECTED);

    private static final Duration PAUSE = Duration.ofMillis(50);
    private static final long WAITING_IS_TOLD_EVERY = 10;

    private final Consumer<byte[], byte[]> consumer;
    private final PartitionReader reader;
    private final Offsets offsets;
    private final TopicPartition events;
    private final byte[] key;
    private final Extent whole;
    private Extent extent;

    private ClusterLog(Consumer<byte[], byte[]> consumer, Offsets offsets, String volumeId, Extent extent) {
        this.consumer = consumer;
        this.reader = new PartitionReader(consumer);
        this.offsets = offsets;
        this.events = new TopicPartition(Topics.EVENTS, extent.partition());
        this.key = volumeId == null ? null : volumeId.getBytes(StandardCharsets.UTF_8);
        this.whole = extent;
        this.extent = extent;
    }

    /** How many partitions the events topic has. */
    public static int partitions(Admin admin) {
        return new Offsets(admin).partitions(List.of(Topics.EVENTS)).get(Topics.EVENTS);
    }

    /** What there is of one volume now. */
    public static ClusterLog of(Admin admin, Supplier<Consumer<byte[], byte[]>> consumers, String volumeId) {
        return open(admin, consumers, volumeId, KeyPartitions.partitionFor(volumeId, partitions(admin)));
    }

    /** What there is of all volumes of one partition now. */
    public static ClusterLog of(Admin admin, Supplier<Consumer<byte[], byte[]>> consumers, int partition) {
        return open(admin, consumers, null, partition);
    }

    private static ClusterLog open(
            Admin admin, Supplier<Consumer<byte[], byte[]>> consumers, String volumeId, int partition) {
        Offsets offsets = new Offsets(admin);
        List<TopicPartition> outputs = new ArrayList<>();
        offsets.partitions(OUTPUTS).forEach((topic, count) -> {
            for (int i = 0; i < count; i++) {
                outputs.add(new TopicPartition(topic, i));
            }
        });
        TopicPartition events = new TopicPartition(Topics.EVENTS, partition);
        Extent extent = new Extent(
                volumeId,
                partition,
                partitions(admin),
                offsets.begins(List.of(events)).get(events),
                offsets.committedEnds(List.of(events)).get(events),
                offsets.begins(outputs));
        return new ClusterLog(consumers.get(), offsets, volumeId, extent);
    }

    @Override
    public Extent extent() {
        return extent;
    }

    /** The same, seen up to an earlier end only. */
    public void endAt(long earlier) {
        extent = extent.until(earlier);
    }

    /**
     * Waits until the Streams app has folded all events of the extent and everything it sent is committed; where it takes
     * longer than the limit, the extent ends where the app is.
     *
     * @return events of the partition, of any volume, that are left out for that reason
     * @throws AuditException when no such app ever folded the partition
     */
    public long awaitFold(String applicationId, Duration limit, Progress progress) {
        long last = lastRecord();
        if (last < 0) {
            return 0;
        }
        long deadline = System.nanoTime() + limit.toNanos();
        OptionalLong folded = offsets.of(applicationId, events);
        boolean known = folded.isPresent() || offsets.isGroup(applicationId);
        for (long round = 0; known && folded.orElse(0) <= last && System.nanoTime() < deadline; round++) {
            if (round % WAITING_IS_TOLD_EVERY == 0) {
                long done = Math.max(0, folded.orElse(0) - extent.begin());
                progress.at("waiting for the Streams app", done, last + 1 - extent.begin());
            }
            LockSupport.parkNanos(PAUSE.toNanos());
            folded = offsets.of(applicationId, events);
        }
        if (folded.isEmpty()) {
            throw new AuditException(
                    "no Streams app '%s' has folded partition %s of %s: start it, or name its application.id in --config"
                            .formatted(applicationId, events.partition(), events.topic()));
        }
        awaitCommit(limit);
        endAt(folded.getAsLong());
        return Math.max(0, last + 1 - folded.getAsLong());
    }

    /** What the app sent before it committed its input becomes visible with the same commit, partition by partition. */
    private void awaitCommit(Duration limit) {
        Map<TopicPartition, Long> written = offsets.writtenEnds(extent.outputs().keySet());
        long deadline = System.nanoTime() + limit.toNanos();
        while (true) {
            Map<TopicPartition, Long> committed = offsets.committedEnds(written.keySet());
            if (written.entrySet().stream().allMatch(e -> committed.get(e.getKey()) >= e.getValue())) {
                return;
            }
            if (System.nanoTime() >= deadline) {
                throw new AuditException(
                        "a transaction on the outputs has been open for %s s: is a Streams app stuck or just killed? try again"
                                .formatted(limit.toSeconds()));
            }
            LockSupport.parkNanos(PAUSE.toNanos());
        }
    }

    /** Offset of the last record of the partition, of any volume; -1 when there is none. Ends of transactions are none. */
    private long lastRecord() {
        long[] last = {-1};
        for (long back = 1; last[0] < 0; back *= 8) {
            long from = Math.max(whole.begin(), whole.end() - back);
            if (from < whole.end()) {
                reader.read(Map.of(events, from), Map.of(events, whole.end()), "", Progress.NONE, record -> {
                    last[0] = record.offset();
                    return true;
                });
            }
            if (from == whole.begin()) {
                break;
            }
        }
        return last[0];
    }

    @Override
    public void events(Progress progress, Predicate<ConsumerRecord<byte[], byte[]>> sink) {
        reader.read(
                Map.of(events, extent.begin()),
                Map.of(events, extent.end()),
                "replaying",
                progress,
                record -> key != null && !Arrays.equals(record.key(), key) || sink.test(record));
    }

    @Override
    public void outputs(Progress progress, java.util.function.Consumer<ConsumerRecord<byte[], byte[]>> sink) {
        reader.read(
                offsets.begins(extent.outputs().keySet()),
                offsets.committedEnds(extent.outputs().keySet()),
                "reading outputs",
                progress,
                record -> {
                    sink.accept(record);
                    return true;
                });
    }

    @Override
    public List<ConsumerRecord<byte[], byte[]>> fetch(Collection<Place> places) {
        Map<TopicPartition, Long> ends = offsets.committedEnds(
                places.stream().map(Place::partition).distinct().toList());
        Map<Place, ConsumerRecord<byte[], byte[]>> found = new HashMap<>();
        for (Place place : places) {
            reader.read(
                    Map.of(place.partition(), place.offset()),
                    Map.of(place.partition(), ends.get(place.partition())),
                    "",
                    Progress.NONE,
                    record -> {
                        found.put(Place.of(record), record);
                        return false;
                    });
        }
        found.keySet().retainAll(List.copyOf(places));
        return List.copyOf(found.values());
    }

    @Override
    public void close() {
        consumer.close(org.apache.kafka.clients.consumer.CloseOptions.timeout(Duration.ZERO));
    }
}
