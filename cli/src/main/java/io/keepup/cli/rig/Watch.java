package io.keepup.cli.rig;

import io.keepup.schemas.codec.RecordCodec;
import io.keepup.schemas.codec.UndecodableException;
import io.keepup.schemas.topic.Topics;
import io.keepup.v1.Meta;
import io.keepup.v1.Rejected;
import io.keepup.v1.VolumeProjection;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.apache.avro.Schema;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What anybody outside can see of one volume: a read_committed consumer on its events, commands, projections and the
 * rejected records. The demo waits and tells its story by this alone.
 */
public final class Watch implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Watch.class);
    private static final Duration POLL = Duration.ofMillis(100);
    private static final List<String> TOPICS =
            List.of(Topics.EVENTS, Topics.COMMANDS_NODE, Topics.COMMANDS_SESSION, Topics.PROJECTIONS, Topics.REJECTED);

    /** Called on the watch's thread. */
    public interface Listener {
        /** @param value null when the record has none */
        void seen(ConsumerRecord<byte[], byte[]> record, SpecificRecord value);
    }

    private final Consumer<byte[], byte[]> consumer;
    private final RecordCodec codec;
    private final String volumeId;
    private final Listener listener;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final SessionLog sessions = new SessionLog();
    private final List<Rejected> rejected = new ArrayList<>();
    private final Thread thread;
    private VolumeProjection projection;
    private RuntimeException failure;
    private volatile boolean closing;

    /**
     * @param consumer read_committed, without a group; this watch closes it
     * @param listener told of each record before anybody who waits for it goes on
     */
    public Watch(Consumer<byte[], byte[]> consumer, RecordCodec codec, String volumeId, Listener listener) {
        this.consumer = consumer;
        this.codec = codec;
        this.volumeId = volumeId;
        this.listener = listener;
        this.thread = Thread.ofPlatform().name("keepup-watch-" + volumeId).start(this::run);
    }

    private void run() {
        try (consumer) {
            List<TopicPartition> partitions = TOPICS.stream()
                    .flatMap(topic -> consumer.partitionsFor(topic).stream())
                    .map(p -> new TopicPartition(p.topic(), p.partition()))
                    .toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            while (!closing) {
                consumer.poll(POLL).forEach(this::take);
            }
        } catch (RuntimeException e) {
            LOG.error("the watch of volume {} ended", volumeId, e);
            locked(() -> failure = e);
        }
    }

    private void take(ConsumerRecord<byte[], byte[]> record) {
        SpecificRecord value;
        try {
            value = record.value() == null ? null : codec.decode(record);
        } catch (UndecodableException e) {
            LOG.debug("{} offset {} is not for us: {}", record.topic(), record.offset(), e.getMessage());
            return;
        }
        if (!volumeId.equals(volumeOf(record, value))) {
            return;
        }
        listener.seen(record, value);
        locked(() -> {
            switch (value) {
                case VolumeProjection p -> projection = p;
                case Rejected r -> rejected.add(r);
                case null -> gone(record.topic());
                default -> sessions.take(value);
            }
        });
    }

    /** A projection without a value means that the volume is gone; an event without one is merely bad. */
    private void gone(String topic) {
        if (topic.equals(Topics.PROJECTIONS)) {
            projection = null;
        }
    }

    private static String volumeOf(ConsumerRecord<byte[], byte[]> record, SpecificRecord value) {
        Schema.Field meta = value == null ? null : value.getSchema().getField("meta");
        if (meta != null) {
            return ((Meta) value.get(meta.pos())).getVolumeId();
        }
        byte[] key = record.key(); // a rejected record has the key it came with
        return key == null ? "" : new String(key, StandardCharsets.UTF_8);
    }

    private void locked(Runnable change) {
        lock.lock();
        try {
            change.run();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** The projection as of now; null before the first. */
    public VolumeProjection projection() {
        lock.lock();
        try {
            return projection;
        } finally {
            lock.unlock();
        }
    }

    public List<SessionLog.Session> sessions() {
        lock.lock();
        try {
            return sessions.all();
        } finally {
            lock.unlock();
        }
    }

    public Stream<Rejected> rejected() {
        lock.lock();
        try {
            return List.copyOf(rejected).stream();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Returns when the condition holds; it is asked again after every record.
     *
     * @param what for the message, as in "waited 30 s for …"
     * @throws TimeoutException when it does not hold in time
     */
    public void await(String what, Duration limit, Predicate<Watch> condition)
            throws TimeoutException, InterruptedException {
        long left = limit.toNanos();
        lock.lock();
        try {
            while (!condition.test(this)) {
                if (failure != null) {
                    throw failure;
                }
                if (left <= 0) {
                    throw new TimeoutException("waited %s s for %s; the volume is %s"
                            .formatted(limit.toSeconds(), what, describe(projection)));
                }
                left = changed.awaitNanos(Math.min(left, TimeUnit.MILLISECONDS.toNanos(100)))
                        + Math.max(0, left - TimeUnit.MILLISECONDS.toNanos(100));
            }
        } finally {
            lock.unlock();
        }
    }

    private static String describe(VolumeProjection p) {
        return p == null ? "not there" : p.getMode() + " (" + p.getReason() + ")";
    }

    @Override
    public void close() {
        closing = true;
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
