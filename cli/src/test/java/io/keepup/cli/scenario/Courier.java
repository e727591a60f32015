package io.keepup.cli.scenario;

import io.keepup.schemas.codec.UndecodableException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;

/**
 * Carries the records of one volume from the detour to the shared topics they were meant for, byte for byte, and does to them
 * on the way what Kafka, its clients and their operators can do: deliver twice, change the order of neighbours, hold
 * up, lose, and deliver all of it again. What the fold puts out is carried as well, once it is committed.
 */
final class Courier implements AutoCloseable {

    private static final Duration POLL = Duration.ofMillis(20);

    /** One record on its way. */
    record Parcel(ConsumerRecord<byte[], byte[]> record, SpecificRecord value) {

        /** Name of the record type; empty for what is no record of ours. */
        String type() {
            return value == null ? "" : value.getSchema().getName();
        }

        /** Where it is meant to go. */
        String topic() {
            return Network.meant(record.topic());
        }

        String key() {
            return new String(record.key(), StandardCharsets.UTF_8);
        }
    }

    /** How parcels are handled; called with the courier's lock held. */
    interface Handling {
        void arrived(Parcel parcel, Courier courier);

        /** Called often. */
        default void idle(long now, Courier courier) {}
    }

    /** As they come. */
    static final Handling STRAIGHT = (parcel, courier) -> courier.deliver(parcel);

    /** Each twice, one after the other. */
    static final Handling TWICE = (parcel, courier) -> {
        courier.deliver(parcel);
        courier.deliver(parcel);
        courier.handled(parcel);
    };

    /** How long a record waits for a neighbour to change places with, ms. */
    interface Patience {
        /** @param nth of its type, from 1 */
        long of(Parcel parcel, int nth);
    }

    /** Each changes places with the next one of its key, if one comes in time. */
    static Handling swapping(Patience patience) {
        return new Handling() {
            private final Map<String, Parcel> waiting = new HashMap<>();
            private final Map<String, Long> until = new HashMap<>();
            private final Map<String, Integer> count = new HashMap<>();

            @Override
            public void arrived(Parcel parcel, Courier courier) {
                String line = parcel.topic() + " " + parcel.key();
                int nth = count.merge(parcel.type(), 1, Integer::sum);
                Parcel first = waiting.remove(line);
                if (first == null) {
                    waiting.put(line, parcel);
                    until.put(line, System.currentTimeMillis() + patience.of(parcel, nth));
                    return;
                }
                courier.deliver(parcel);
                courier.deliver(first);
                courier.handled(parcel);
                courier.handled(first);
            }

            @Override
            public void idle(long now, Courier courier) {
                for (String line : List.copyOf(waiting.keySet())) {
                    if (now >= until.get(line)) {
                        courier.deliver(waiting.remove(line));
                    }
                }
            }
        };
    }

    private final SharedCluster cluster;
    private final String volumeId;
    private final Consumer<byte[], byte[]> consumer;
    private final Producer<byte[], byte[]> producer;
    private final List<Parcel> carried = new ArrayList<>();
    private final List<Parcel> held = new ArrayList<>();
    private final Seen seen;
    private final Set<String> handled = new TreeSet<>();
    private final AtomicReference<Exception> failure = new AtomicReference<>();
    private final Thread thread;
    private Handling handling;
    private Predicate<Parcel> holding = parcel -> false;
    private Predicate<Parcel> losing = parcel -> false;
    private volatile boolean closing;

    /** From now on everything that is put on the shared topics for the volume goes through it. */
    Courier(VolumeUnderTest volume, Handling handling) {
        this.cluster = volume.cluster();
        this.volumeId = volume.id();
        this.seen = volume.seen();
        this.handling = handling;
        this.consumer = cluster.options().consumer();
        this.producer = cluster.options().producer();
        List<TopicPartition> detours = Network.detours().stream()
                .flatMap(topic -> consumer.partitionsFor(topic.name()).stream())
                .map(p -> new TopicPartition(p.topic(), p.partition()))
                .toList();
        consumer.assign(detours);
        consumer.seekToEnd(detours);
        detours.forEach(consumer::position);
        Network.detour(volumeId);
        this.thread = Thread.ofPlatform().name("courier-" + volumeId).start(this::run);
    }

    private void run() {
        try (consumer;
                producer) {
            while (!closing) {
                var records = consumer.poll(POLL);
                synchronized (this) {
                    records.forEach(this::arrived);
                    handling.idle(System.currentTimeMillis(), this);
                }
            }
            drain();
        } catch (RuntimeException e) {
            failure.compareAndSet(null, e);
        }
    }

    /** What is still on the detour when it ends goes straight on. */
    private void drain() {
        Map<TopicPartition, Long> ends = consumer.endOffsets(consumer.assignment());
        while (ends.entrySet().stream().anyMatch(e -> consumer.position(e.getKey()) < e.getValue())) {
            var records = consumer.poll(POLL);
            synchronized (this) {
                records.forEach(this::arrived);
            }
        }
    }

    private void arrived(ConsumerRecord<byte[], byte[]> record) {
        Parcel parcel = parcel(record);
        if (!Network.isOf(volumeId, parcel.key())) {
            return;
        }
        carried.add(parcel);
        if (losing.test(parcel)) {
            seen.lost(parcel.value());
        } else if (holding.test(parcel)) {
            held.add(parcel);
        } else {
            handling.arrived(parcel, this);
        }
    }

    private Parcel parcel(ConsumerRecord<byte[], byte[]> record) {
        try {
            return new Parcel(
                    record, record.value() == null ? null : cluster.codec().decode(record.value()));
        } catch (UndecodableException e) {
            return new Parcel(record, null); // a marker of the test
        }
    }

    private void deliver(Parcel parcel) {
        ConsumerRecord<byte[], byte[]> record = parcel.record();
        producer.send(
                new ProducerRecord<>(
                        parcel.topic(), null, record.timestamp(), record.key(), record.value(), record.headers()),
                (at, refused) -> {
                    if (refused != null) {
                        failure.compareAndSet(null, refused);
                    }
                });
    }

    private void handled(Parcel parcel) {
        if (parcel.value() != null) { // not of what only marks the log
            handled.add(parcel.type());
        }
    }

    /** Handles parcels in another way from now on. */
    synchronized void handle(Handling other) {
        handling.idle(Long.MAX_VALUE, this);
        handling = other;
    }

    /** Holds parcels up from now on, those for which the condition holds and no others. */
    synchronized void hold(Predicate<Parcel> condition) {
        holding = condition;
    }

    /** Parcels held up so far. */
    synchronized List<Parcel> held() {
        return List.copyOf(held);
    }

    /** Delivers what was held up, and holds up and loses nothing any more. */
    synchronized void release() {
        holding = parcel -> false;
        losing = parcel -> false;
        held.forEach(parcel -> {
            deliver(parcel);
            handled(parcel);
        });
        held.clear();
    }

    /** Loses parcels from now on, those for which the condition holds and no others. */
    synchronized void lose(Predicate<Parcel> condition) {
        losing = condition;
    }

    /** Delivers everything of these types once more that was ever carried, in the order in which it came. */
    synchronized List<Parcel> again(Predicate<Parcel> which) {
        List<Parcel> again = carried.stream().filter(which).toList();
        again.forEach(this::deliver);
        return again;
    }

    /** Types of what was not merely passed on. */
    synchronized Set<String> handled() {
        return new TreeSet<>(handled);
    }

    /** Delivers what still waits and ends the detour. */
    @Override
    public void close() {
        handle(STRAIGHT);
        release();
        Network.direct(volumeId);
        closing = true;
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (failure.get() != null) {
            throw new AssertionError("the courier of " + volumeId + " broke down", failure.get());
        }
    }
}
