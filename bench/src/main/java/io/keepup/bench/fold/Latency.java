package io.keepup.bench.fold;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;

/** How long after a record was sent a read_committed consumer has what follows from it, over several slices of time. */
final class Latency {

    /** How long outputs may come in after the last input. */
    private static final long TAIL_NANOS = Duration.ofMillis(300).toNanos();

    private final List<Double> seenMs = new ArrayList<>();

    /** Where a record of the input lies: what Keepup's outputs name as their cause. */
    record Place(TopicPartition partition, long offset) {}

    /** Sends so many records at that rate, evenly, and notes when each output is seen. */
    void slice(Rig rig, Contender contender, Load load, int records, int perSecond) throws InterruptedException {
        Map<Object, Long> sentAt = new ConcurrentHashMap<>();
        Map<Object, List<Long>> seenAt = new HashMap<>();
        try (KafkaConsumer<byte[], byte[]> reader = rig.reader(contender.outputs)) {
            Thread sender = Thread.ofPlatform().name("bench-sender").start(() -> {
                long begin = System.nanoTime();
                for (int i = 0; i < records; i++) {
                    Load.Sent record = load.next();
                    long due = begin + i * 1_000_000_000L / perSecond;
                    while (System.nanoTime() < due) {
                        LockSupport.parkNanos(due - System.nanoTime());
                    }
                    long now = System.nanoTime();
                    sentAt.put(record.eventId(), now);
                    rig.send(contender.input, record, (at, e) -> {
                        if (e == null) {
                            sentAt.put(new Place(new TopicPartition(at.topic(), at.partition()), at.offset()), now);
                        }
                    });
                }
            });
            long until = Long.MAX_VALUE;
            while (System.nanoTime() < until) {
                for (ConsumerRecord<byte[], byte[]> record : reader.poll(Duration.ofMillis(50))) {
                    seenAt.computeIfAbsent(contender.cause.apply(record), cause -> new ArrayList<>())
                            .add(System.nanoTime());
                }
                if (until == Long.MAX_VALUE && !sender.isAlive()) {
                    until = System.nanoTime() + TAIL_NANOS;
                }
            }
            sender.join();
        }
        seenAt.forEach((cause, times) -> {
            Long sent = sentAt.get(cause);
            if (sent == null) {
                throw new IllegalStateException(
                        "an output on %s names a cause that was not sent: %s".formatted(contender.outputs, cause));
            }
            times.forEach(seen -> seenMs.add((seen - sent) / 1e6));
        });
    }

    /** Forgets what was measured: it was to warm up. */
    void forget() {
        seenMs.clear();
    }

    /** The latency, ms, that this part of the samples does not exceed; 0.5 is the median. */
    double quantile(double part) {
        if (seenMs.isEmpty()) {
            throw new IllegalStateException("no output was seen");
        }
        List<Double> sorted = seenMs.stream().sorted().toList();
        return sorted.get((int) Math.min(sorted.size() - 1, Math.ceil(part * sorted.size()) - 1));
    }
}
