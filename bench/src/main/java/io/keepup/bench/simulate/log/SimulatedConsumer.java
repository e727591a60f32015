package io.keepup.bench.simulate.log;

import io.keepup.bench.simulate.time.Process;
import io.keepup.bench.simulate.time.Scheduler;
import io.keepup.bench.simulate.time.Wait;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.record.TimestampType;

/**
 * One process's view of the log: each record is seen some time after it was written, in the order of its topic, later
 * while the link is slow, and not at all while it is cut. Every poll and every call to the broker is a turn.
 */
final class SimulatedConsumer extends BareConsumer {

    private static final long CALL_NANOS = 1_000_000;
    private static final Duration CALL_LIMIT = Duration.ofSeconds(60);

    /**
     * How a consumer is set up.
     *
     * @param checks whether it checks what comes over its link, as all do but those of the lanes
     */
    record Settings(String use, String offsetReset, int maxRecords, String group, boolean checks) {}

    private static final class Cursor {
        final TopicPartition partition;
        final SimulatedLog.Topic topic;
        long position = -1;
        /** When the record at the position is seen, if it was written by now; asked for once a record. */
        long seenAt;

        long seenFor = -1;
        boolean paused;

        Cursor(TopicPartition partition, SimulatedLog.Topic topic) {
            this.partition = partition;
            this.topic = topic;
        }

        void seek(long offset) {
            position = offset;
        }
    }

    private final Scheduler time;
    private final SimulatedLog log;
    private final Link link;
    private final Process process;
    private final Settings settings;
    private final long seed;
    private Map<TopicPartition, Cursor> cursors = new LinkedHashMap<>();
    private boolean woken;
    private boolean closed;

    SimulatedConsumer(Scheduler time, SimulatedLog log, Link link, Process process, Settings settings, long seed) {
        this.time = time;
        this.log = log;
        this.link = link;
        this.process = process;
        this.settings = settings;
        this.seed = seed;
    }

    // -------------------------------------------------------------- records

    @Override
    public ConsumerRecords<byte[], ByteBuffer> poll(Duration timeout) {
        requireUsable();
        if (cursors.isEmpty()) {
            throw new IllegalStateException("the consumer has no partitions");
        }
        time.await(new Arrival(time.now() + timeout.toNanos()));
        throwIfWoken();
        if (!link.open()) {
            return ConsumerRecords.empty();
        }
        Map<TopicPartition, List<ConsumerRecord<byte[], ByteBuffer>>> seen = new LinkedHashMap<>();
        Map<TopicPartition, OffsetAndMetadata> next = new HashMap<>();
        int room = settings.maxRecords;
        for (Cursor cursor : cursors.values()) {
            List<ConsumerRecord<byte[], ByteBuffer>> records = take(cursor, room);
            if (!records.isEmpty()) {
                seen.put(cursor.partition, records);
                next.put(cursor.partition, new OffsetAndMetadata(cursor.position));
                room -= records.size();
            }
        }
        return seen.isEmpty() ? ConsumerRecords.empty() : new ConsumerRecords<>(seen, next);
    }

    private List<ConsumerRecord<byte[], ByteBuffer>> take(Cursor cursor, int room) {
        List<ConsumerRecord<byte[], ByteBuffer>> records = new ArrayList<>();
        while (records.size() < room && visible(cursor, time.now())) {
            if (cursor.position < cursor.topic.begin()) {
                reset(cursor); // to where nothing may be yet
                continue;
            }
            Stored stored = cursor.topic.at(cursor.position);
            cursor.position++;
            if (!stored.marker() && !link.loses(stored)) {
                records.add(record(stored, settings.checks ? stored.value() : link.carried(stored)));
            }
        }
        return records;
    }

    /** The topic begins above the position by now. */
    private void reset(Cursor cursor) {
        switch (settings.offsetReset) {
            case "earliest" -> cursor.seek(cursor.topic.begin());
            case "latest" -> cursor.seek(cursor.topic.end());
            default -> throw new OffsetOutOfRangeException(Map.of(cursor.partition, cursor.position));
        }
    }

    private static ConsumerRecord<byte[], ByteBuffer> record(Stored stored, byte[] value) {
        return new ConsumerRecord<>(
                stored.topic(),
                0,
                stored.offset(),
                stored.timestamp(),
                TimestampType.CREATE_TIME,
                stored.key() == null ? -1 : stored.key().length,
                value == null ? -1 : value.length,
                stored.key(),
                value == null ? null : ByteBuffer.wrap(value),
                stored.headers(),
                Optional.empty());
    }

    private boolean visible(Cursor cursor, long now) {
        if (cursor.paused) {
            return false;
        }
        if (cursor.position < 0) {
            cursor.position = begin(cursor);
        }
        if (cursor.position < cursor.topic.begin()) {
            return true; // it will hear so
        }
        return cursor.position < cursor.topic.end() && seenAt(cursor) <= now;
    }

    private long begin(Cursor cursor) {
        OffsetAndMetadata committed = settings.group == null ? null : log.committed(settings.group, cursor.partition);
        if (committed != null) {
            return committed.offset();
        }
        return settings.offsetReset.equals("latest") ? cursor.topic.end() : cursor.topic.begin();
    }

    /** Records of a topic are seen in their order, each some while after it was written. */
    private long seenAt(Cursor cursor) {
        if (cursor.seenFor != cursor.position) {
            Stored stored = cursor.topic.at(cursor.position);
            long lag = Latency.of(seed, settings.use + stored.topic(), stored.offset()) + link.extra(stored);
            boolean next = cursor.seenFor == cursor.position - 1;
            cursor.seenAt = Math.max(next ? cursor.seenAt : 0, stored.at() + lag);
            cursor.seenFor = cursor.position;
        }
        return cursor.seenAt;
    }

    /** Something to see, a wakeup, or the poll's timeout. */
    private final class Arrival implements Wait {
        private final long deadline;

        Arrival(long deadline) {
            this.deadline = deadline;
        }

        @Override
        public boolean over(long now) {
            if (woken || now >= deadline) {
                return true;
            }
            if (!link.open()) {
                return false;
            }
            for (Cursor cursor : cursors.values()) {
                if (visible(cursor, now)) {
                    return true;
                }
            }
            return false;
        }

        @Override
        public long until(long now) {
            if (!link.open()) {
                return Math.min(deadline, link.opens());
            }
            long next = deadline;
            for (Cursor cursor : cursors.values()) {
                if (!cursor.paused && cursor.position >= 0 && cursor.position < cursor.topic.end()) {
                    next = Math.min(next, seenAt(cursor));
                }
            }
            return next;
        }
    }

    // ------------------------------------------------------------ positions

    @Override
    public void assign(Collection<TopicPartition> partitions) {
        requireUsable();
        Map<TopicPartition, Cursor> next = new LinkedHashMap<>();
        for (TopicPartition partition : partitions) {
            next.put(partition, cursors.getOrDefault(partition, new Cursor(partition, log.topic(partition.topic()))));
        }
        cursors = next;
    }

    @Override
    public Set<TopicPartition> assignment() {
        return cursors.keySet();
    }

    @Override
    public void seek(TopicPartition partition, long offset) {
        requireUsable();
        cursor(partition).seek(offset);
    }

    @Override
    public void seek(TopicPartition partition, OffsetAndMetadata offset) {
        seek(partition, offset.offset());
    }

    @Override
    public void seekToBeginning(Collection<TopicPartition> partitions) {
        requireUsable();
        partitions.forEach(partition -> cursor(partition).seek(log.begin(partition.topic())));
    }

    @Override
    public void seekToEnd(Collection<TopicPartition> partitions) {
        requireUsable();
        partitions.forEach(partition -> cursor(partition).seek(log.end(partition.topic())));
    }

    @Override
    public long position(TopicPartition partition) {
        return position(partition, CALL_LIMIT);
    }

    @Override
    public long position(TopicPartition partition, Duration timeout) {
        requireUsable();
        Cursor cursor = cursor(partition);
        if (cursor.position < 0) {
            call(timeout);
            cursor.position = begin(cursor);
        }
        return cursor.position;
    }

    @Override
    public void pause(Collection<TopicPartition> partitions) {
        partitions.forEach(partition -> cursor(partition).paused = true);
    }

    @Override
    public void resume(Collection<TopicPartition> partitions) {
        partitions.forEach(partition -> cursor(partition).paused = false);
    }

    private Cursor cursor(TopicPartition partition) {
        Cursor cursor = cursors.get(partition);
        if (cursor == null) {
            throw new IllegalStateException(partition + " is not assigned");
        }
        return cursor;
    }

    // ---------------------------------------------------- calls to the broker

    @Override
    public Map<TopicPartition, Long> beginningOffsets(Collection<TopicPartition> partitions, Duration timeout) {
        call(timeout);
        Map<TopicPartition, Long> offsets = new HashMap<>();
        partitions.forEach(partition -> offsets.put(partition, log.begin(partition.topic())));
        return offsets;
    }

    @Override
    public Map<TopicPartition, Long> endOffsets(Collection<TopicPartition> partitions, Duration timeout) {
        call(timeout);
        Map<TopicPartition, Long> offsets = new HashMap<>();
        partitions.forEach(partition -> offsets.put(partition, log.end(partition.topic())));
        return offsets;
    }

    @Override
    public Map<TopicPartition, OffsetAndMetadata> committed(Set<TopicPartition> partitions, Duration timeout) {
        call(timeout);
        Map<TopicPartition, OffsetAndMetadata> committed = new HashMap<>();
        partitions.forEach(partition -> committed.put(partition, log.committed(settings.group, partition)));
        return committed;
    }

    @Override
    public void commitSync(Map<TopicPartition, OffsetAndMetadata> offsets, Duration timeout) {
        call(timeout);
        log.commit(settings.group, offsets);
    }

    @Override
    public List<PartitionInfo> partitionsFor(String topic, Duration timeout) {
        call(timeout);
        return List.of(new PartitionInfo(topic, 0, null, null, null));
    }

    private void call(Duration timeout) {
        requireUsable();
        time.await(new Answer(time.now() + CALL_NANOS, time.now() + timeout.toNanos()));
        throwIfWoken();
        if (!link.open()) {
            throw new TimeoutException("the broker did not answer " + link.name());
        }
    }

    private final class Answer implements Wait {
        private final long at;
        private final long deadline;

        Answer(long at, long deadline) {
            this.at = at;
            this.deadline = deadline;
        }

        @Override
        public boolean over(long now) {
            return woken || now >= deadline || now >= at && link.open();
        }

        @Override
        public long until(long now) {
            return Math.min(deadline, Math.max(at, link.opens()));
        }
    }

    // --------------------------------------------------------------- ending

    @Override
    public void wakeup() {
        woken = true;
    }

    @Override
    public void close(CloseOptions options) {
        process.requireAlive();
        closed = true;
    }

    private void throwIfWoken() {
        if (woken) {
            woken = false;
            throw new WakeupException();
        }
    }

    private void requireUsable() {
        process.requireAlive();
        if (closed) {
            throw new IllegalStateException("the consumer is closed");
        }
    }
}
