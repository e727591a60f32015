package io.keepup.node.primary;

import io.keepup.node.NodeContext;
import io.keepup.node.NodeCounter;
import io.keepup.node.NodeSettings;
import io.keepup.node.Trouble;
import io.keepup.node.event.NodeEvents.Gates;
import io.keepup.node.lane.LaneRecords;
import io.keepup.node.lane.LaneTopics;
import io.keepup.node.lane.WalTopic;
import io.keepup.node.note.VolumeNote;
import io.keepup.node.world.Sends;
import io.keepup.node.world.Signal;
import io.keepup.schemas.codec.CloudEventHeaders;
import io.keepup.schemas.topic.Topics;
import io.keepup.service.failure.RepeatedFailureLog;
import io.keepup.v1.WalBatch;
import io.keepup.volume.Volume;
import io.keepup.volume.VolumeFault;
import io.keepup.volume.WalEntry;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.errors.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ships the durable WAL of one primary volume to its lane, in LSN order.
 *
 * <p>In the epoch it was made primary, the shipper first makes the lane hold its own history and nothing else: it deletes
 * what is there and ships all it retains. Records of earlier epochs are of no use to anybody then, replicas of the new
 * epoch refuse them; and of an earlier primary they may tell another history. Nothing is lost by deleting first: all that
 * is shipped is durable here, and a crash in between only finds a shorter lane and goes on. After a restart in the same
 * epoch it goes on behind the newest record of its own. If the lane holds a higher epoch, this node was replaced and does
 * not know it yet: it stops.
 */
final class WalShipper implements Runnable {

    private static final Logger log = LoggerFactory.getLogger(WalShipper.class);
    private static final RepeatedFailureLog failures = new RepeatedFailureLog(log);
    private static final Duration IDLE = Duration.ofMillis(200);
    private static final Duration RETRY = Duration.ofSeconds(1);

    private final NodeContext context;
    private final Volume volume;
    private final VolumeNote note;
    private final String volumeId;
    private final long epoch;
    private final RetainedWal retained;
    private final Producer<byte[], byte[]> producer;
    private final byte[] key;
    private final Signal work;
    private final AtomicBoolean trimming = new AtomicBoolean();
    private final Trouble trouble;
    private final CompletableFuture<Void> closed = new CompletableFuture<>();
    private volatile boolean closing;
    private volatile Exception sendFailure;
    private volatile FencedException fenced;
    /** What was appended before the role began may not be durable yet, and nobody else would make it so. */
    private volatile boolean unsynced = true;

    private boolean saidDamaged;
    private long next;

    WalShipper(
            NodeContext context,
            Volume volume,
            VolumeNote note,
            long epoch,
            RetainedWal retained,
            Producer<byte[], byte[]> producer) {
        this.context = context;
        this.volume = volume;
        this.note = note;
        this.volumeId = volume.status().spec().volumeId();
        this.epoch = epoch;
        this.retained = retained;
        this.producer = producer;
        this.key = volumeId.getBytes(StandardCharsets.UTF_8);
        this.trouble = new Trouble(failures, "shipping", "Volume %s: shipping its WAL".formatted(volumeId));
        this.work = new Signal(context.tasks());
    }

    /** An entry was appended. */
    void appended() {
        unsynced = true;
        work.raise();
    }

    void close() {
        closing = true;
        closed.complete(null);
        work.raise();
    }

    @Override
    public void run() {
        while (!closing) {
            try {
                connect();
                ship();
            } catch (FencedException e) {
                context.metrics().count(NodeCounter.STALE_EPOCH);
                log.error("Volume {}: shipping stopped: {}", volumeId, e.getMessage());
                return;
            } catch (RuntimeException e) {
                if (closing) {
                    return;
                }
                context.metrics().count(NodeCounter.SHIPPER_FAILURES);
                trouble.met(e);
                work.await(RETRY);
            } finally {
                retained.disconnected();
            }
        }
    }

    private void connect() {
        requireSound();
        context.lanes().ensure(volumeId);
        context.events().readiness(volumeId, epoch, Gates.SHIPPER_CONFIGURED);
        try (WalTopic topic = new WalTopic(context, volumeId)) {
            long end = topic.end();
            long walTail = volume.status().walTail();
            Optional<WalTopic.Shipped> own =
                    note.state().shippedEpoch() == epoch ? topic.newest(epoch) : Optional.empty();
            FencedException.throwIfNewer(own, epoch);
            if (own.isPresent() && own.get().lastLsn() + 1 >= walTail) {
                resume(topic, own.get());
            } else {
                begin(topic, walTail, own.isEmpty(), end);
            }
        }
        context.events().readiness(volumeId, epoch, Gates.SHIPPER_CONNECTED);
        trouble.over();
        log.info("Volume {}: shipping from LSN {} on, lane begins at {}", volumeId, next, retained.tail());
    }

    /** A primary that found its own copy damaged serves no more, and must not be taken for healthy [P4]. */
    private void requireSound() {
        VolumeFault fault = volume.status().fault();
        if (fault == null) {
            return;
        }
        if (!saidDamaged) {
            context.events().readiness(volumeId, epoch, Gates.SHIPPER_DISCONNECTED);
            saidDamaged = true;
        }
        throw new IllegalStateException(
                "volume %s is damaged here (%s): assign another primary".formatted(volumeId, fault));
    }

    private void resume(WalTopic topic, WalTopic.Shipped last) {
        long durable = volume.sync();
        if (last.lastLsn() > durable) {
            throw new IllegalStateException(
                    "the WAL lane of volume %s holds LSN %s, the volume itself ends at %s: its disk lost data, assign another primary"
                            .formatted(volumeId, last.lastLsn(), durable));
        }
        long begin = topic.begin(); // before the look at it: what somebody deletes meanwhile is seen later
        WalTopic.Shipped first = topic.begin(epoch, last.offset() + 1).orElse(last);
        next = last.lastLsn() + 1;
        // The local WAL holds what the lane holds: entries cost nearly the same there.
        retained.connected(
                first.firstLsn(), last.lastLsn(), volume.walBytes(first.firstLsn()) - volume.walBytes(next), begin);
    }

    /** Nothing is deleted from {@code end} on: what a newer primary has shipped since it was looked for lies there. */
    private void begin(WalTopic topic, long walTail, boolean nothingOwn, long end) {
        // A lane that is this epoch's already and holds nothing of it has nothing to delete but a newer primary's
        // records, which may be coming just now.
        if (!nothingOwn || note.state().shippedEpoch() != epoch) {
            FencedException.throwIfNewer(topic.firstAbove(epoch, topic.begin(), end), epoch);
            context.lanes().delete(LaneTopics.wal(volumeId), end);
            note.update(state -> state.withShippedEpoch(epoch));
        }
        next = walTail;
        retained.connected(walTail, walTail - 1, 0, topic.begin());
    }

    private void ship() {
        int batchBytes = context.settings().get(NodeSettings.WAL_BATCH_BYTES);
        while (!closing) {
            if (sendFailure != null) {
                startOver();
            }
            if (fenced != null) {
                throw fenced;
            }
            List<WalEntry> entries = volume.readWal(next, batchBytes);
            if (!entries.isEmpty()) {
                entries = lingered(entries, batchBytes);
                send(entries);
                trimWhenOverdue();
            } else if (unsynced) {
                unsynced = false;
                volume.sync();
            } else {
                work.await(IDLE);
            }
        }
    }

    /** A batch that is less than half full waits for more. */
    private List<WalEntry> lingered(List<WalEntry> entries, int batchBytes) {
        Duration linger = context.settings().get(NodeSettings.WAL_LINGER);
        if (linger.isZero() || LaneRecords.payloadBytes(entries) >= batchBytes / 2) {
            return entries;
        }
        context.tasks().await(closed, linger);
        return volume.readWal(next, batchBytes);
    }

    /** After a refused batch its successors may be on the lane: only an empty lane is known to have no gap. */
    private void startOver() {
        Exception failure = sendFailure;
        producer.flush();
        note.update(state -> state.withShippedEpoch(0));
        sendFailure = null;
        throw new IllegalStateException("the broker refused a WAL batch of volume " + volumeId, failure);
    }

    private void send(List<WalEntry> entries) {
        WalBatch batch = LaneRecords.batch(
                volumeId,
                context.nodeId(),
                epoch,
                entries,
                volume.epochAt(entries.get(0).lsn() - 1));
        long last = LaneRecords.lastLsn(batch);
        String id = "%s/%s/%s-%s".formatted(volumeId, epoch, LaneRecords.firstLsn(batch), last);
        String topic = Topics.wal(volumeId);
        byte[] bytes = context.codec().encode(topic, batch);
        var record = new ProducerRecord<>(
                topic,
                0,
                key,
                bytes,
                CloudEventHeaders.of(
                        batch.getSchema().getFullName(),
                        id,
                        "node/" + context.nodeId(),
                        context.clock().instant()));
        while (!closing) {
            try {
                Sends.send(producer, record, (at, failure) -> {
                    if (failure != null) {
                        sendFailure = failure;
                    } else {
                        trouble.over();
                        retained.acknowledged(last, bytes.length, at.offset());
                    }
                });
                next = last + 1;
                context.metrics().count(NodeCounter.WAL_BATCHES_SHIPPED);
                context.metrics().add(NodeCounter.WAL_ENTRIES_SHIPPED, entries.size());
                context.metrics().add(NodeCounter.WAL_BYTES_SHIPPED, bytes.length);
                return;
            } catch (TimeoutException e) {
                trouble.met(e);
            }
        }
    }

    /** Trims in the background, breaking pins where the hard limit demands it; to be called often. */
    void trimWhenOverdue() {
        long upTo = retained.overdue();
        if (upTo > 0 && trimming.compareAndSet(false, true)) {
            context.tasks().start("keepup-%s-trim-%s".formatted(context.nodeId(), volumeId), () -> trim(upTo));
        }
    }

    private void trim(long upTo) {
        try {
            retained.breakPins();
            retained.trim(upTo);
        } catch (FencedException e) {
            fenced = e;
            work.raise();
        } catch (RuntimeException e) {
            failures.error("trimming", "Volume %s: trimming the WAL up to LSN %s failed".formatted(volumeId, upTo), e);
        } finally {
            trimming.set(false);
        }
    }
}
