package io.keepup.bench.simulate.log;

import io.keepup.bench.simulate.time.Draws;
import io.keepup.bench.simulate.time.Process;
import io.keepup.bench.simulate.time.Scheduler;
import io.keepup.bench.simulate.time.Wait;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;

/**
 * One idempotent producer: its records are written in the order they were sent, each some time later, and acknowledged
 * some time after that; while the link is cut they wait. Those under way when its process dies may be written or not, but
 * none without those before it. When too many are under way, the sender waits.
 */
final class SimulatedProducer extends BareProducer {

    private static final Duration MAX_BLOCK = Duration.ofSeconds(2);
    /** How often somebody else gets a turn before a record is sent. */
    private static final double TURN_AT_SEND = 0.3;

    private static final class Sent {
        final ProducerRecord<byte[], byte[]> record;
        final Callback callback;
        final CompletableFuture<RecordMetadata> done = new CompletableFuture<>();
        Stored stored;

        Sent(ProducerRecord<byte[], byte[]> record, Callback callback) {
            this.record = record;
            this.callback = callback;
        }
    }

    private final Scheduler time;
    private final SimulatedLog log;
    private final Link link;
    private final Process process;
    private final String name;
    private final int room;
    private final long seed;
    private final Consumer<ProducerRecord<byte[], byte[]>> before;
    private final Deque<Sent> toWrite = new ArrayDeque<>();
    private final Deque<Sent> toAcknowledge = new ArrayDeque<>();
    private long sent;
    private long writtenUntil;
    private long acknowledgedUntil;
    private boolean lost;
    private boolean closed;

    /**
     * @param room most records under way
     * @param before sees a record when it is sent
     */
    SimulatedProducer(
            Scheduler time,
            SimulatedLog log,
            Link link,
            Process process,
            String name,
            int room,
            long seed,
            Consumer<ProducerRecord<byte[], byte[]>> before) {
        this.time = time;
        this.log = log;
        this.link = link;
        this.process = process;
        this.name = name;
        this.room = room;
        this.seed = seed;
        this.before = before;
    }

    @Override
    public Future<RecordMetadata> send(ProducerRecord<byte[], byte[]> record) {
        return send(record, null);
    }

    @Override
    public Future<RecordMetadata> send(ProducerRecord<byte[], byte[]> record, Callback callback) {
        requireUsable();
        if (Draws.fraction(Draws.at(seed, name + "turn", sent)) < TURN_AT_SEND) {
            time.await(Wait.at(time.now()));
        }
        if (toWrite.size() >= room) {
            time.await(new Room(time.now() + MAX_BLOCK.toNanos(), room - 1));
            requireUsable();
            if (toWrite.size() >= room) {
                return notTaken(callback);
            }
        }
        before.accept(record);
        Sent next = new Sent(record, callback);
        toWrite.add(next);
        sent++;
        writtenUntil = Math.max(writtenUntil, time.now() + Latency.of(seed, name, sent));
        time.at(writtenUntil, this::write);
        return next.done;
    }

    /** As the real one it does not throw: it calls back before it returns. */
    private Future<RecordMetadata> notTaken(Callback callback) {
        TimeoutException why = new TimeoutException("no room for another record of " + name);
        if (callback != null) {
            callback.onCompletion(null, why);
        }
        return CompletableFuture.failedFuture(why);
    }

    private void write() {
        if (toWrite.isEmpty() || lost) {
            return;
        }
        if (!link.open()) {
            time.at(link.opens(), this::write);
            return;
        }
        if (!process.alive() && Draws.fraction(Draws.at(seed, name + "lost", sent - toWrite.size())) < 0.5) {
            lost = true;
            return;
        }
        Sent next = toWrite.poll();
        ProducerRecord<byte[], byte[]> record = next.record;
        long timestamp = time.millis();
        next.stored = log.append(
                new Draft(record.topic(), record.key(), record.value(), record.headers()), timestamp, link.name());
        toAcknowledge.add(next);
        acknowledgedUntil =
                Math.max(acknowledgedUntil, time.now() + Latency.of(seed, name + "ack", next.stored.offset()));
        time.at(acknowledgedUntil, this::acknowledge);
    }

    private void acknowledge() {
        if (!process.alive() || toAcknowledge.isEmpty()) {
            return;
        }
        if (!link.open()) {
            time.at(link.opens(), this::acknowledge);
            return;
        }
        Sent next = toAcknowledge.poll();
        RecordMetadata at = new RecordMetadata(
                new TopicPartition(next.record.topic(), 0), next.stored.offset(), 0, next.stored.timestamp(), -1, -1);
        next.done.complete(at);
        if (next.callback != null) {
            next.callback.onCompletion(at, null);
        }
    }

    /** Until no more than so many records are under way. */
    private final class Room implements Wait {
        private final long deadline;
        private final int most;

        Room(long deadline, int most) {
            this.deadline = deadline;
            this.most = most;
        }

        @Override
        public boolean over(long now) {
            return now >= deadline || toWrite.size() + toAcknowledge.size() <= most;
        }

        @Override
        public long until(long now) {
            return deadline;
        }
    }

    @Override
    public void flush() {
        requireUsable();
        time.await(new Room(Wait.NEVER, 0));
    }

    @Override
    public void close(Duration timeout) {
        process.requireAlive();
        if (!closed) {
            time.await(new Room(time.now() + timeout.toNanos(), 0));
            closed = true;
            lost = true;
        }
    }

    private void requireUsable() {
        process.requireAlive();
        if (closed) {
            throw new IllegalStateException("the producer is closed");
        }
    }
}
