package io.keepup.node.lane;

import io.keepup.node.NodeContext;
import io.keepup.v1.WalBatch;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.LongPredicate;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;

/**
 * Looks things up on a WAL lane by reading single records; no index is kept anywhere.
 *
 * <p>Among the records of one epoch LSNs rise with offsets, but for a record that came again late: what was under way when
 * its sender died, or when a broker was lost. Records of lower epochs can lie anywhere between them, left by
 * a primary that did not yet know it was replaced, and are passed over. Not thread-safe.
 */
public final class WalTopic implements AutoCloseable {

    private static final Duration CALL = Duration.ofSeconds(10);
    private static final Duration POLL = Duration.ofMillis(200);
    /** Records that may have come late at the lane's begin, one behind the other: some for each sender that died. */
    private static final int LATE = 64;

    /** A record and where it lies. */
    public record Shipped(long offset, WalBatch batch, int bytes) {
        public long firstLsn() {
            return LaneRecords.firstLsn(batch);
        }

        public long lastLsn() {
            return LaneRecords.lastLsn(batch);
        }
    }

    private final NodeContext context;
    private final TopicPartition lane;
    private final Consumer<byte[], ByteBuffer> consumer;

    public WalTopic(NodeContext context, String volumeId) {
        this.context = context;
        this.lane = LaneTopics.wal(volumeId);
        this.consumer = context.kafka().probeConsumer();
        consumer.assign(List.of(lane));
    }

    /** Offset of the oldest record, or of the next one when there is none. */
    public long begin() {
        return consumer.beginningOffsets(List.of(lane), CALL).get(lane);
    }

    /** Offset the next record will have. */
    public long end() {
        return consumer.endOffsets(List.of(lane), CALL).get(lane);
    }

    /** The first record of an epoch in {@code [from, before)}. */
    public Optional<Shipped> first(long epoch, long from, long before) {
        return first(consumer, e -> e == epoch, from, before);
    }

    /**
     * The first record of an epoch above this one in {@code [from, before)}. Looks at all of them: a primary that was replaced
     * and does not know it may have sent its own behind them.
     */
    public Optional<Shipped> firstAbove(long epoch, long from, long before) {
        Consumer<byte[], ByteBuffer> scan = context.kafka().scanConsumer();
        try {
            scan.assign(List.of(lane));
            return first(scan, e -> e > epoch, from, before);
        } finally {
            scan.close(CloseOptions.timeout(Duration.ZERO));
        }
    }

    private Optional<Shipped> first(Consumer<byte[], ByteBuffer> reader, LongPredicate epoch, long from, long before) {
        reader.seek(lane, from);
        while (reader.position(lane, CALL) < before) {
            for (ConsumerRecord<byte[], ByteBuffer> record : poll(reader)) {
                Optional<Shipped> shipped = decode(record).filter(s -> epoch.test(s.batch.getEpoch()));
                if (shipped.isPresent() && record.offset() < before) {
                    return shipped;
                }
            }
        }
        return Optional.empty();
    }

    /**
     * The first record of an epoch in {@code [begin, before)} that the rest follows without a gap. What came late may have
     * become the lane's begin, when all before it was trimmed: what it should be followed by is gone.
     */
    public Optional<Shipped> begin(long epoch, long before) {
        Optional<Shipped> begin = first(epoch, begin(), before);
        Optional<Shipped> next = begin;
        long reached = begin.map(Shipped::lastLsn).orElse(0L);
        for (int i = 0; i < LATE && next.isPresent(); i++) {
            next = first(epoch, next.get().offset + 1, before);
            if (next.isPresent() && next.get().firstLsn() > reached + 1) {
                begin = next;
            }
            reached = Math.max(reached, next.map(Shipped::lastLsn).orElse(0L));
        }
        return begin;
    }

    /** The newest record of an epoch or above it. */
    public Optional<Shipped> newest(long leastEpoch) {
        return last(leastEpoch, end());
    }

    private Optional<Shipped> last(long leastEpoch, long before) {
        long begin = begin();
        for (long offset = before - 1; offset >= begin; offset--) {
            consumer.seek(lane, offset);
            while (consumer.position(lane, CALL) <= offset) {
                for (ConsumerRecord<byte[], ByteBuffer> record : poll(consumer)) {
                    Optional<Shipped> shipped = decode(record).filter(s -> s.batch.getEpoch() >= leastEpoch);
                    if (shipped.isPresent()) {
                        return shipped;
                    }
                }
            }
        }
        return Optional.empty();
    }

    /**
     * The record of an epoch that holds {@code lsn}, or else the last one before it, and which the rest of the epoch follows. A
     * binary search; only when a record lies there a second time, behind later ones, all
     * are looked at. Empty when there is no such record; {@link #first} tells whether the epoch has others.
     */
    public Optional<Shipped> floor(long epoch, long lsn) {
        long end = end();
        Optional<Shipped> first = first(epoch, begin(), end);
        if (first.isEmpty() || first.get().firstLsn() > lsn) {
            return Optional.empty();
        }
        Shipped found = search(epoch, lsn, first.get(), end);
        return Optional.of(isInPlace(epoch, found, end) ? found : scan(epoch, lsn, first.get(), end));
    }

    /**
     * As {@link #floor}, and certain: what has come late, of a process that is dead, may look like a lane in order wherever a
     * binary search ends. Looks at every record up to there; each LSN counts where it lies first.
     */
    public Optional<Shipped> floorInOrder(long epoch, long lsn) {
        long end = end();
        return first(epoch, begin(), end)
                .filter(first -> first.firstLsn() <= lsn)
                .map(first -> scan(epoch, lsn, first, end));
    }

    private boolean isInPlace(long epoch, Shipped found, long end) {
        Optional<Shipped> next = first(epoch, found.offset + 1, end);
        if (next.isPresent()) {
            return next.get().firstLsn() <= found.lastLsn() + 1 && next.get().lastLsn() > found.lastLsn();
        }
        Optional<Shipped> before = last(epoch, found.offset);
        return before.isEmpty()
                || before.get().batch.getEpoch() != epoch
                || before.get().lastLsn() < found.lastLsn();
    }

    /** Takes each LSN where it lies first. */
    private Shipped scan(long epoch, long lsn, Shipped first, long end) {
        Shipped found = first;
        Optional<Shipped> next = first(epoch, first.offset + 1, end);
        while (next.isPresent()) {
            if (next.get().lastLsn() > found.lastLsn()) {
                if (next.get().firstLsn() > lsn) {
                    return found;
                }
                found = next.get();
            }
            next = first(epoch, next.get().offset + 1, end);
        }
        return found;
    }

    private Shipped search(long epoch, long lsn, Shipped first, long end) {
        long high = end;
        Shipped low = first;
        while (low.lastLsn() < lsn && high - low.offset > 1) {
            long middle = low.offset + (high - low.offset) / 2;
            Optional<Shipped> probe = first(epoch, middle, high);
            if (probe.isPresent() && probe.get().firstLsn() <= lsn) {
                low = probe.get();
            } else {
                high = middle;
            }
        }
        return low;
    }

    private Iterable<ConsumerRecord<byte[], ByteBuffer>> poll(Consumer<byte[], ByteBuffer> reader) {
        long deadline = context.uptimeMs() + CALL.toMillis();
        while (context.uptimeMs() < deadline) {
            var records = reader.poll(POLL);
            if (!records.isEmpty()) {
                return records.records(lane);
            }
        }
        throw new TimeoutException("no record of " + lane + " within " + CALL.toSeconds() + " s");
    }

    private Optional<Shipped> decode(ConsumerRecord<byte[], ByteBuffer> record) {
        return WalBatches.decode(context, record)
                .map(batch -> new Shipped(record.offset(), batch, record.serializedValueSize()));
    }

    @Override
    public void close() {
        consumer.close(CloseOptions.timeout(Duration.ZERO));
    }
}
