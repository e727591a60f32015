package io.keepup.node.lane;

import io.keepup.node.NodeContext;
import io.keepup.node.NodeCounter;
import io.keepup.v1.WalBatch;
import io.keepup.volume.WalEntry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.TopicPartition;

/** A session's own view of the WAL lane: entries of one epoch from one LSN on. Used by one thread. */
public final class WalLaneReader implements AutoCloseable {

    private final NodeContext context;
    private final String volumeId;
    private final long epoch;
    private final TopicPartition lane;
    private final Consumer<byte[], byte[]> consumer;
    private long fromLsn;
    private long bytes;

    private WalLaneReader(NodeContext context, String volumeId, long epoch) {
        this.context = context;
        this.volumeId = volumeId;
        this.epoch = epoch;
        this.lane = LaneTopics.wal(volumeId);
        this.consumer = context.kafka().laneConsumer("wal-" + volumeId, "none");
        consumer.assign(List.of(lane));
    }

    /**
     * Opens the lane at an LSN. When the primary has put nothing of this epoch there yet, reading starts with what comes.
     *
     * @throws LaneLostException when the lane begins above it
     */
    public static WalLaneReader open(NodeContext context, String volumeId, long epoch, long fromLsn) {
        WalLaneReader reader = new WalLaneReader(context, volumeId, epoch);
        try {
            reader.fromLsn = fromLsn;
            reader.consumer.seek(reader.lane, reader.locate(fromLsn));
            return reader;
        } catch (RuntimeException e) {
            reader.close();
            throw e;
        }
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

    /**
     * What has come since the last call, in LSN order, in batches as shipped; waits at most {@code wait} for something.
     *
     * @throws LaneLostException when the records at this position were deleted
     */
    public List<WalEntry> poll(Duration wait) {
        List<WalEntry> entries = new ArrayList<>();
        try {
            for (ConsumerRecord<byte[], byte[]> record : consumer.poll(wait)) {
                bytes += record.serializedValueSize();
                WalBatches.decode(context, record).filter(this::current).ifPresent(batch -> addNeeded(batch, entries));
            }
        } catch (OffsetOutOfRangeException e) {
            throw new LaneLostException(
                    "the WAL lane of volume %s was trimmed under its reader".formatted(volumeId), e);
        }
        return entries;
    }

    private void addNeeded(WalBatch batch, List<WalEntry> entries) {
        for (WalEntry entry : LaneRecords.entries(batch)) {
            if (entry.lsn() >= fromLsn) {
                entries.add(entry);
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

    /** Offset after the last record that was given out: where the live lane goes on. */
    public long nextOffset() {
        return consumer.position(lane);
    }

    /** Bytes of records received. */
    public long bytes() {
        return bytes;
    }

    @Override
    public void close() {
        consumer.close(CloseOptions.timeout(Duration.ZERO));
    }
}
