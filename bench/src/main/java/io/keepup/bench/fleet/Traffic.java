package io.keepup.bench.fleet;

import io.keepup.bench.fold.Load;
import io.keepup.bench.fold.Rig;
import io.keepup.schemas.codec.CloudEventHeaders;
import io.keepup.schemas.topic.Topics;
import io.keepup.streams.audit.cluster.ClusterLog;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.header.Header;

/** Events at an even rate, and a read_committed reader that notes up to where each partition was folded. */
final class Traffic implements AutoCloseable {

    private final Rig rig;
    private final Load load;
    private final int perSecond;
    private final AtomicLong sent = new AtomicLong();
    private final AtomicLong acknowledged = new AtomicLong();
    private final AtomicLong outputs = new AtomicLong();
    private final AtomicLongArray onTopic = filled();
    private final AtomicLongArray folded = filled();
    private final AtomicReference<Throwable> failure = new AtomicReference<>();
    private final Thread sender;
    private final Thread reader;
    private volatile boolean sending = true;
    private volatile boolean reading = true;

    private Traffic(Rig rig, Load load, int perSecond) {
        this.rig = rig;
        this.load = load;
        this.perSecond = perSecond;
        sender = thread("bench-sender", this::send);
        reader = thread("bench-reader", this::read);
    }

    static Traffic start(Rig rig, Load load, int perSecond) {
        Traffic traffic = new Traffic(rig, load, perSecond);
        traffic.reader.start();
        traffic.sender.start();
        return traffic;
    }

    private Thread thread(String name, Runnable work) {
        return Thread.ofPlatform().name(name).unstarted(() -> {
            try {
                work.run();
            } catch (RuntimeException | Error e) {
                failure.compareAndSet(null, e);
            }
        });
    }

    private static AtomicLongArray filled() {
        AtomicLongArray offsets = new AtomicLongArray(Topics.DEFAULT_PARTITIONS);
        for (int i = 0; i < offsets.length(); i++) {
            offsets.set(i, -1);
        }
        return offsets;
    }

    private void send() {
        long begin = System.nanoTime();
        for (long i = 0; sending; i++) {
            long due = begin + i * 1_000_000_000L / perSecond;
            while (System.nanoTime() < due) {
                LockSupport.parkNanos(due - System.nanoTime());
            }
            rig.send(Topics.EVENTS, load.next(), (at, e) -> {
                if (e != null) {
                    failure.compareAndSet(null, e);
                } else {
                    onTopic.accumulateAndGet(at.partition(), at.offset(), Math::max);
                    acknowledged.incrementAndGet();
                }
            });
            sent.incrementAndGet();
        }
    }

    private void read() {
        try (KafkaConsumer<byte[], byte[]> consumer = rig.reader(ClusterLog.OUTPUTS)) {
            while (reading) {
                for (ConsumerRecord<byte[], byte[]> output : consumer.poll(Duration.ofMillis(20))) {
                    int partition = (int) number(output, CloudEventHeaders.CAUSE_PARTITION);
                    long offset = number(output, CloudEventHeaders.CAUSE_OFFSET);
                    folded.accumulateAndGet(partition, offset, Math::max);
                    outputs.incrementAndGet();
                }
            }
        }
    }

    private static long number(ConsumerRecord<byte[], byte[]> output, String name) {
        Header header = output.headers().lastHeader(name);
        return Long.parseLong(new String(header.value(), StandardCharsets.UTF_8));
    }

    /** The newest event on each partition that the broker acknowledged. */
    long[] onTopic() {
        return copy(onTopic);
    }

    /** The newest event of each partition of which an output is committed. */
    long[] folded() {
        check();
        return copy(folded);
    }

    private static long[] copy(AtomicLongArray offsets) {
        long[] copy = new long[offsets.length()];
        for (int i = 0; i < copy.length; i++) {
            copy[i] = offsets.get(i);
        }
        return copy;
    }

    /** Committed outputs seen so far. */
    long outputs() {
        check();
        return outputs.get();
    }

    private void check() {
        if (failure.get() != null) {
            throw new IllegalStateException("the load broke off", failure.get());
        }
    }

    /** Sends no more; returns how many events are on the topic, when all are acknowledged. */
    long stop(Fleet fleet) {
        sending = false;
        join(sender);
        fleet.await("the broker does not acknowledge all events", () -> {
            check();
            return acknowledged.get() == sent.get();
        });
        return sent.get();
    }

    private static void join(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }

    @Override
    public void close() {
        sending = false;
        reading = false;
        join(sender);
        join(reader);
    }
}
