package io.keepup.node.replica;

import io.keepup.node.NodeContext;
import io.keepup.node.event.NodeClosingException;
import io.keepup.node.kafka.ConsumerLoop;
import io.keepup.node.lane.LaneTopics;
import io.keepup.node.world.Signal;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.common.TopicPartition;

/**
 * The receiver of a node: one consumer in one task follows the WAL lanes of all its replica volumes. A volume that
 * cannot take what comes is left out until it is positioned anew; the others go on.
 */
public final class LiveLane implements AutoCloseable {

    /** So many a poll: they share an fsync. */
    private static final int RECORDS = 64;

    private final Consumer<byte[], ByteBuffer> consumer;
    private final Map<TopicPartition, ReplicaVolume> followed = new LinkedHashMap<>();
    private final Queue<Runnable> requests = new ConcurrentLinkedQueue<>();
    private final Signal requested;
    private final ConsumerLoop loop;

    public LiveLane(NodeContext context) {
        this.consumer = context.kafka().laneConsumer("live", "earliest", RECORDS);
        this.requested = new Signal(context.tasks());
        this.loop = new ConsumerLoop(
                context.tasks(),
                "keepup-%s-live-lane".formatted(context.nodeId()),
                consumer,
                this::turn,
                context.failure());
    }

    public void start() {
        loop.start();
    }

    /** Follows a volume's lane from an offset on; the future completes when the lane is positioned. */
    CompletableFuture<Void> follow(ReplicaVolume volume, long offset) {
        CompletableFuture<Void> positioned = new CompletableFuture<>();
        TopicPartition lane = LaneTopics.wal(volume.volumeId());
        request(() -> {
            try {
                followed.put(lane, volume);
                consumer.assign(followed.keySet());
                consumer.seek(lane, offset);
                positioned.complete(null);
            } catch (RuntimeException e) {
                positioned.completeExceptionally(e); // whoever waits tries again
            }
        });
        return positioned;
    }

    /** Follows a volume's lane no longer, if it still follows it for this holder. */
    void leave(ReplicaVolume volume) {
        request(() -> {
            if (followed.remove(LaneTopics.wal(volume.volumeId()), volume)) {
                consumer.assign(followed.keySet());
            }
        });
    }

    private void request(Runnable change) {
        requests.add(change);
        requested.raise();
        loop.wakeup();
    }

    private void turn(Consumer<byte[], ByteBuffer> used) {
        if (followed.isEmpty() && requests.isEmpty()) {
            requested.await(ConsumerLoop.POLL);
        }
        for (Runnable request = requests.poll(); request != null; request = requests.poll()) {
            request.run();
        }
        if (!followed.isEmpty()) {
            deliver(used.poll(ConsumerLoop.POLL));
        }
    }

    private void deliver(ConsumerRecords<byte[], ByteBuffer> records) {
        for (TopicPartition lane : records.partitions()) {
            ReplicaVolume volume = followed.get(lane);
            if (volume != null && !received(volume, records.records(lane))) {
                followed.remove(lane);
                consumer.assign(followed.keySet());
            }
        }
    }

    private static boolean received(ReplicaVolume volume, List<ConsumerRecord<byte[], ByteBuffer>> records) {
        try {
            return volume.received(records);
        } catch (NodeClosingException e) {
            throw e; // what was read is read again at the next start
        } catch (RuntimeException e) {
            volume.holdStill(e);
            return false;
        }
    }

    @Override
    public void close() {
        requested.raise(); // it may wait for one
        loop.close();
    }
}
