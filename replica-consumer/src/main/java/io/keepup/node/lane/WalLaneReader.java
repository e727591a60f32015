package io.keepup.node.lane;

import io.keepup.node.NodeContext;
import io.keepup.node.NodeCounter;
import io.keepup.v1.WalBatch;
import io.keepup.volume.VerifiedEntries;
import io.keepup.volume.Volume;
import io.keepup.volume.WalEntry;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.TopicPartition;

/**
 * A session's own view of the WAL lane: entries of one epoch from one LSN on, fetched, decoded and verified a few fetches ahead. Used
 * by one task.
 */
public final class WalLaneReader implements AutoCloseable {

    private static final int FETCHES_AHEAD = 2;
    /**
     * So many a poll, of 1 MiB mostly: a fetch has as many when it is not compressed, and hundreds when it is. With what is handed
     * over, waits to be, and lies ahead, 40 MiB of records are held.
     */
    private static final int RECORDS = 8;
    /** Polls are handed over together until there is so much, bytes: small records one by one would cost more than they bring. */
    private static final int TOGETHER = 2 << 20;

    private static final Duration FETCH = Duration.ofMillis(200);

    /** What one fetch brought. */
    private record Fetched(VerifiedEntries entries, long nextOffset, long bytes) {}

    private final NodeContext context;
    private final Volume volume;
    private final String volumeId;
    private final long epoch;
    private final long fromLsn;
    private final OptionalLong previousEpoch;
    private final TopicPartition lane;
    private final Consumer<byte[], ByteBuffer> consumer;
    private ReadAhead<Fetched> ahead;
    /** The LSN to hand over next; used by the fetching task. */
    private long needed;
    /** Whether every record was looked at to find the place: a gap is one then. */
    private boolean certain;

    private long nextOffset;
    private long bytes;

    private WalLaneReader(NodeContext context, Volume volume, long epoch, long fromLsn, OptionalLong previousEpoch) {
        this.context = context;
        this.volume = volume;
        this.volumeId = volume.status().spec().volumeId();
        this.epoch = epoch;
        this.fromLsn = fromLsn;
        this.previousEpoch = previousEpoch;
        this.needed = fromLsn;
        this.lane = LaneTopics.wal(volumeId);
        this.consumer = context.kafka().laneConsumer("wal-" + volumeId, "none", RECORDS);
        consumer.assign(List.of(lane));
    }

    /**
     * Opens the lane at an LSN. When the primary has put nothing of this epoch there yet, reading starts with what comes.
     *
     * @param task name of the reading task; the fetching one's begins with it
     * @param volume of the reader
     * @param previousEpoch epoch of the reader's own entry before that LSN, 0 when it has none or does not know; empty: whatever
     *     the lane has there is the reader's
     * @param writtenLsn what the primary is known to have written: up to there the lane has it, or soon will
     * @throws LaneLostException when the lane begins above it
     */
    public static WalLaneReader open(
            NodeContext context,
            String task,
            Volume volume,
            long epoch,
            long fromLsn,
            OptionalLong previousEpoch,
            long writtenLsn) {
        WalLaneReader reader = new WalLaneReader(context, volume, epoch, fromLsn, previousEpoch);
        try {
            reader.start(task, writtenLsn);
            return reader;
        } catch (RuntimeException e) {
            reader.consumer.close(CloseOptions.timeout(Duration.ZERO));
            throw e;
        }
    }

    private void start(String task, long writtenLsn) {
        nextOffset = locate(fromLsn, writtenLsn);
        consumer.seek(lane, nextOffset);
        ahead = new ReadAhead<>(
                context.tasks(),
                task + "-fetch",
                FETCHES_AHEAD,
                this::fetch,
                () -> consumer.close(CloseOptions.timeout(Duration.ZERO)));
    }

    private long locate(long lsn, long writtenLsn) {
        try (WalTopic topic = new WalTopic(context, volumeId)) {
            long end = topic.end();
            Optional<WalTopic.Shipped> record = topic.floor(epoch, lsn);
            if (record.isPresent() && record.get().lastLsn() < Math.min(lsn, writtenLsn)) {
                certain = true;
                record = topic.floorInOrder(epoch, lsn); // what was found may have come late, behind what is needed
            }
            if (record.isPresent()) {
                return record.get().offset();
            }
            Optional<WalTopic.Shipped> first = topic.first(epoch, topic.begin(), end);
            if (first.isPresent() && first.get().firstLsn() > lsn) {
                throw new LaneLostException("the WAL lane of volume %s begins at LSN %s, needed is %s"
                        .formatted(volumeId, first.get().firstLsn(), lsn));
            }
            return end;
        }
    }

    private Optional<Fetched> fetch() {
        List<WalEntry> entries = new ArrayList<>();
        long received = 0;
        ConsumerRecords<byte[], ByteBuffer> records = polled(FETCH);
        boolean something = !records.isEmpty();
        boolean more = something;
        while (more) {
            int taken = 0;
            for (ConsumerRecord<byte[], ByteBuffer> record : records) {
                received += record.serializedValueSize();
                if (!take(record, entries)) {
                    break;
                }
                taken++;
            }
            more = taken == RECORDS && received < TOGETHER; // of as many, the fetch may have more
            if (more) {
                records = polled(Duration.ZERO);
            }
        }
        return something
                ? Optional.of(new Fetched(volume.verify(entries), consumer.position(lane), received))
                : Optional.empty();
    }

    private ConsumerRecords<byte[], ByteBuffer> polled(Duration wait) {
        try {
            return consumer.poll(wait);
        } catch (OffsetOutOfRangeException e) {
            throw new LaneLostException(
                    "the WAL lane of volume %s was trimmed under its reader".formatted(volumeId), e);
        }
    }

    /** Adds what a record has of what is needed; false when the place was lost, and the next poll goes on from where it was found. */
    private boolean take(ConsumerRecord<byte[], ByteBuffer> record, List<WalEntry> entries) {
        Optional<WalBatch> batch = WalBatches.decode(context, record).filter(this::current);
        if (batch.isPresent() && LaneRecords.firstLsn(batch.get()) > needed && !certain) {
            consumer.seek(lane, inOrder(record.offset()));
            return false;
        }
        batch.ifPresent(b -> addNeeded(b, entries));
        return true;
    }

    /** A gap, or the search was misled by what came late: only looking at every record tells. */
    private long inOrder(long offset) {
        certain = true;
        try (WalTopic topic = new WalTopic(context, volumeId)) {
            return topic.floorInOrder(epoch, needed)
                    .map(WalTopic.Shipped::offset)
                    .orElse(offset);
        }
    }

    private void addNeeded(WalBatch batch, List<WalEntry> entries) {
        if (previousEpoch.isPresent() && !LaneRecords.isOfHistory(batch, fromLsn - 1, previousEpoch.getAsLong())) {
            throw new OtherHistoryException(
                    "the WAL lane of volume %s has another entry at LSN %s than the one of epoch %s here"
                            .formatted(volumeId, fromLsn - 1, previousEpoch.getAsLong()));
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
     * What has come since the last call, in LSN order, but for what the volume had applied before; waits at most {@code wait}
     * for something, and empty when nothing came.
     *
     * @throws io.keepup.volume.VolumeException {@code ENTRY_CORRUPT}
     * @throws LaneLostException when the records at this position were deleted
     * @throws OtherHistoryException when the lane's entry before the first needed one is not the reader's
     */
    public Optional<VerifiedEntries> poll(Duration wait) {
        Optional<Fetched> fetched = ahead.poll(wait);
        fetched.ifPresent(f -> {
            nextOffset = f.nextOffset;
            bytes += f.bytes;
        });
        return fetched.map(Fetched::entries).filter(entries -> entries.size() > 0);
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
        ahead.close(consumer::wakeup);
    }
}
