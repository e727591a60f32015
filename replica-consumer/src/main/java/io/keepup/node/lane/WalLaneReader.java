package io.keepup.node.lane;

import io.keepup.node.NodeContext;
import io.keepup.node.NodeCounter;
import io.keepup.node.world.Signal;
import io.keepup.v1.WalBatch;
import io.keepup.volume.WalEntry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;

/**
 * A session's own view of the WAL lane: entries of one epoch from one LSN on. A task of its own fetches and decodes a
 * few fetches ahead, so that the network moves while the session waits for its disk. Used by one task.
 */
public final class WalLaneReader implements AutoCloseable {

    private static final int FETCHES_AHEAD = 2;
    private static final Duration FETCH = Duration.ofMillis(200);
    private static final Duration HAND_OVER = Duration.ofMillis(100);

    /** What one fetch brought, or why there will be no more. */
    private record Fetched(List<WalEntry> entries, long nextOffset, long bytes, RuntimeException failure) {}

    private final NodeContext context;
    private final String volumeId;
    private final long epoch;
    private final long fromLsn;
    private final long previousEpoch;
    private final TopicPartition lane;
    private final Consumer<byte[], byte[]> consumer;
    private final Queue<Fetched> ahead = new ConcurrentLinkedQueue<>();
    private final Signal filled;
    private final Signal room;
    private CompletableFuture<Void> fetcher;
    private volatile boolean closing;
    /** The LSN to hand over next; used by the fetching task. */
    private long needed;

    private long nextOffset;
    private long bytes;

    private WalLaneReader(NodeContext context, String volumeId, long epoch, long fromLsn, long previousEpoch) {
        this.context = context;
        this.volumeId = volumeId;
        this.epoch = epoch;
        this.fromLsn = fromLsn;
        this.previousEpoch = previousEpoch;
        this.needed = fromLsn;
        this.filled = new Signal(context.tasks());
        this.room = new Signal(context.tasks());
        this.lane = LaneTopics.wal(volumeId);
        this.consumer = context.kafka().laneConsumer("wal-" + volumeId, "none");
        consumer.assign(List.of(lane));
    }

    /**
     * Opens the lane at an LSN. When the primary has put nothing of this epoch there yet, reading starts with what comes.
     *
     * @param task name of the reading task; the fetching one's begins with it
     * @param previousEpoch epoch of the reader's own entry before that LSN; 0 when it has none, or does not know
     * @throws LaneLostException when the lane begins above it
     */
    public static WalLaneReader open(
            NodeContext context, String task, String volumeId, long epoch, long fromLsn, long previousEpoch) {
        WalLaneReader reader = new WalLaneReader(context, volumeId, epoch, fromLsn, previousEpoch);
        try {
            reader.start(task);
            return reader;
        } catch (RuntimeException e) {
            reader.consumer.close(CloseOptions.timeout(Duration.ZERO));
            throw e;
        }
    }

    private void start(String task) {
        nextOffset = locate(fromLsn);
        consumer.seek(lane, nextOffset);
        fetcher = context.tasks().start(task + "-fetch", this::fetch);
    }

    private long locate(long lsn) {
        try (WalTopic topic = new WalTopic(context, volumeId)) {
            long end = topic.end();
            Optional<WalTopic.Shipped> record = topic.floor(epoch, lsn);
            if (record.isPresent()) {
                return record.get().offset();
            }
            Optional<WalTopic.Shipped> first = topic.first(epoch, topic.begin(), end);
            if (first.isPresent() && first.get().firstLsn() > lsn) {
                throw new LaneLostException("the WAL lane of volume %s begins at LSN %d, needed is %d"
                        .formatted(volumeId, first.get().firstLsn(), lsn));
            }
            return end;
        }
    }

    private void fetch() {
        RuntimeException failure = null;
        try {
            while (!closing) {
                fetchOnce();
            }
        } catch (WakeupException e) {
            // closing
        } catch (OffsetOutOfRangeException e) {
            failure = new LaneLostException(
                    "the WAL lane of volume %s was trimmed under its reader".formatted(volumeId), e);
        } catch (RuntimeException e) {
            failure = e;
        }
        try {
            if (failure != null) {
                handOver(new Fetched(List.of(), 0, 0, failure));
            }
        } finally {
            consumer.close(CloseOptions.timeout(Duration.ZERO));
        }
    }

    private void fetchOnce() {
        List<WalEntry> entries = new ArrayList<>();
        long received = 0;
        var records = consumer.poll(FETCH);
        for (ConsumerRecord<byte[], byte[]> record : records) {
            received += record.serializedValueSize();
            WalBatches.decode(context, record).filter(this::current).ifPresent(batch -> addNeeded(batch, entries));
        }
        if (!records.isEmpty()) {
            handOver(new Fetched(entries, consumer.position(lane), received, null));
        }
    }

    private void handOver(Fetched fetched) {
        while (!closing && ahead.size() >= FETCHES_AHEAD) {
            room.await(HAND_OVER); // the session is slower than the lane
        }
        ahead.add(fetched);
        filled.raise();
    }

    private void addNeeded(WalBatch batch, List<WalEntry> entries) {
        if (!LaneRecords.isOfHistory(batch, fromLsn - 1, previousEpoch)) {
            throw new OtherHistoryException(
                    "the WAL lane of volume %s has another entry at LSN %d than the one of epoch %d here"
                            .formatted(volumeId, fromLsn - 1, previousEpoch));
        }
        for (WalEntry entry : LaneRecords.entries(batch)) {
            if (entry.lsn() >= needed) { // a batch under way when its sender died may lie there twice
                entries.add(entry);
                needed = entry.lsn() + 1;
            }
        }
    }

    private boolean current(WalBatch batch) {
        if (batch.getEpoch() != epoch) {
            context.metrics().count(NodeCounter.STALE_EPOCH);
            return false;
        }
        return batch.getVolumeId().equals(volumeId);
    }

    /**
     * What has come since the last call, in LSN order; waits at most {@code wait} for something.
     *
     * @throws LaneLostException when the records at this position were deleted
     * @throws OtherHistoryException when the lane's entry before the first needed one is not the reader's
     */
    public List<WalEntry> poll(Duration wait) {
        Fetched fetched = ahead.poll();
        while (fetched == null && filled.await(wait)) {
            fetched = ahead.poll();
        }
        if (fetched == null) {
            return List.of();
        }
        room.raise();
        if (fetched.failure != null) {
            throw fetched.failure;
        }
        nextOffset = fetched.nextOffset;
        bytes += fetched.bytes;
        return fetched.entries;
    }

    /** Offset after the last record that was given out: where the live lane goes on. */
    public long nextOffset() {
        return nextOffset;
    }

    /** Bytes of records given out. */
    public long bytes() {
        return bytes;
    }

    @Override
    public void close() {
        closing = true;
        consumer.wakeup();
        room.raise();
        context.tasks().await(fetcher);
    }
}
