package io.keepup.streams.view;

import io.keepup.schemas.codec.RecordCodec;
import io.keepup.schemas.codec.UndecodableException;
import io.keepup.schemas.registry.RegistryException;
import io.keepup.schemas.topic.KeyPartitions;
import io.keepup.schemas.topic.Topics;
import io.keepup.service.failure.RepeatedFailureLog;
import io.keepup.v1.VolumeProjection;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.WakeupException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All volumes as the projections topic has them, in memory. Reads committed records only: a page must not show what a
 * transaction may still take back, as a query into the fold's own store could. A record that is not a projection leaves the last one shown
 * until the fold has published it again. Thread-safe.
 */
public final class ProjectionView implements PublishedProjections, AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(ProjectionView.class);
    private static final RepeatedFailureLog failures = new RepeatedFailureLog(log);
    private static final Duration POLL = Duration.ofMillis(500);
    private static final Duration PAUSE = Duration.ofSeconds(1);
    private static final Duration CLOSE_LIMIT = Duration.ofSeconds(5);

    private final Supplier<Consumer<byte[], byte[]>> consumers;
    private final RecordCodec codec;
    private final Set<VolumeChanges> subscribers = ConcurrentHashMap.newKeySet();
    private final CountDownLatch closing = new CountDownLatch(1);
    private final Thread thread;
    private volatile Content content = new Content(new ConcurrentSkipListMap<>(), new ConcurrentHashMap<>());
    private volatile boolean complete;
    private volatile Consumer<byte[], byte[]> current;

    /** What is shown, and what is newest on the topic. */
    private record Content(NavigableMap<String, VolumeProjection> shown, Map<String, Newest> newest) {}

    private ProjectionView(Supplier<Consumer<byte[], byte[]>> consumers, RecordCodec codec) {
        this.consumers = consumers;
        this.codec = codec;
        this.thread = Thread.ofPlatform().name("keepup-projection-view").unstarted(this::run);
    }

    /**
     * Starts to read; returns at once.
     *
     * @param consumers gives a new read_committed consumer without a group
     */
    public static ProjectionView start(Supplier<Consumer<byte[], byte[]>> consumers, RecordCodec codec) {
        ProjectionView view = new ProjectionView(consumers, codec);
        view.thread.start();
        return view;
    }

    /** All volumes by id; empty while not {@link #complete()}. */
    public Collection<VolumeProjection> volumes() {
        return content.shown.values();
    }

    public Optional<VolumeProjection> volume(String volumeId) {
        return Optional.ofNullable(content.shown.get(volumeId));
    }

    @Override
    public Optional<Newest> newest(String volumeId) {
        return Optional.ofNullable(content.newest.get(volumeId));
    }

    @Override
    public boolean complete() {
        return complete;
    }

    @Override
    public VolumeChanges subscribe() {
        VolumeChanges changes = new VolumeChanges(subscribers::remove);
        subscribers.add(changes);
        if (closing.getCount() == 0) {
            changes.close();
        }
        return changes;
    }

    @Override
    public void close() {
        closing.countDown();
        Consumer<byte[], byte[]> reading = current;
        if (reading != null) {
            reading.wakeup();
        }
        subscribers.forEach(VolumeChanges::close);
        try {
            thread.join(CLOSE_LIMIT);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        while (closing.getCount() > 0) {
            try (Consumer<byte[], byte[]> consumer = consumers.get()) {
                current = consumer;
                follow(consumer);
            } catch (WakeupException | InterruptException e) {
                log.debug("the projection view was asked to stop");
            } catch (KafkaException e) {
                log.warn("the projection view lost {} and starts over: {}", Topics.PROJECTIONS, e.getMessage());
                pause();
            }
        }
    }

    /** Shows the old content until the new one is complete: half a view would look like lost volumes. */
    private void follow(Consumer<byte[], byte[]> consumer) {
        List<TopicPartition> partitions = consumer.partitionsFor(Topics.PROJECTIONS).stream()
                .map(p -> new TopicPartition(p.topic(), p.partition()))
                .toList();
        consumer.assign(partitions);
        consumer.seekToBeginning(partitions);
        Map<TopicPartition, Long> ahead = new HashMap<>(consumer.endOffsets(partitions));
        Content loading = new Content(new ConcurrentSkipListMap<>(), new ConcurrentHashMap<>());
        while (closing.getCount() > 0) {
            ahead.entrySet().removeIf(e -> consumer.position(e.getKey()) >= e.getValue());
            if (ahead.isEmpty() && content != loading) {
                show(loading);
            }
            for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
                apply(record, partitions.size(), loading);
            }
        }
    }

    private void show(Content loaded) {
        List<String> before = new ArrayList<>(content.newest.keySet());
        content = loaded;
        complete = true;
        subscribers.forEach(s -> {
            before.forEach(s::changed);
            loaded.newest.keySet().forEach(s::changed);
        });
    }

    private void apply(ConsumerRecord<byte[], byte[]> record, int partitions, Content into) {
        if (record.key() == null) {
            failures.warn("no key", "the record at %s is passed over: it has no key".formatted(position(record)));
            return;
        }
        String volumeId = new String(record.key(), StandardCharsets.UTF_8);
        if (record.partition() != KeyPartitions.partitionFor(volumeId, partitions)) {
            failures.warn(
                    "other partition",
                    "the record at %s is passed over: its key belongs to another partition"
                            .formatted(position(record)));
            return;
        }
        VolumeProjection projection =
                record.value() == null ? null : decode(record).orElse(null);
        into.newest.put(volumeId, new Newest(projection, record.partition(), record.offset()));
        if (projection != null) {
            into.shown.put(volumeId, projection);
        } else if (record.value() == null) {
            into.shown.remove(volumeId);
        }
        if (content == into) {
            subscribers.forEach(s -> s.changed(volumeId));
        }
    }

    private Optional<VolumeProjection> decode(ConsumerRecord<byte[], byte[]> record) {
        for (boolean waiting = false; closing.getCount() > 0; waiting = true) {
            try {
                if (codec.decode(record) instanceof VolumeProjection projection) {
                    return Optional.of(projection);
                }
                failures.warn("no projection", "the record at %s is no projection".formatted(position(record)));
                return Optional.empty();
            } catch (UndecodableException e) {
                failures.warn(
                        "unreadable",
                        "the projection at %s cannot be read: %s".formatted(position(record), e.getMessage()));
                return Optional.empty();
            } catch (RegistryException e) {
                if (!waiting) {
                    log.warn("the projection view waits: {}", e.getMessage());
                }
                pause();
            }
        }
        return Optional.empty();
    }

    private static String position(ConsumerRecord<?, ?> record) {
        return "%s/%s@%s".formatted(record.topic(), record.partition(), record.offset());
    }

    private void pause() {
        try {
            closing.await(PAUSE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptException(e);
        }
    }
}
