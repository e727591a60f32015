package io.keepup.node.replica;

import io.keepup.node.NodeContext;
import io.keepup.node.kafka.ConsumerLoop;
import io.keepup.node.lane.LaneTopics;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.common.TopicPartition;

/**
 * The receiver of a node: one consumer on one thread follows the WAL lanes of all its replica volumes. A volume that
 * cannot take what comes is left out until it is positioned anew; the others go on.
 */
public final class LiveLane implements AutoCloseable {

    private final Consumer<byte[], byte[]> consumer;
    private final Map<TopicPartition, ReplicaVolume> followed = new HashMap<>();
    private final BlockingQueue<Runnable> requests = new LinkedBlockingQueue<>();
    private final ConsumerLoop loop;

    public LiveLane(NodeContext context) {
        this.consumer = context.kafka().laneConsumer("live", "earliest");
        this.loop = new ConsumerLoop("keepup-%s-live-lane".formatted(context.nodeId()), consumer, this::turn);
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
        loop.wakeup();
    }

    private void turn(Consumer<byte[], byte[]> used) throws InterruptedException {
        Runnable request = followed.isEmpty()
                ? requests.poll(ConsumerLoop.POLL.toMillis(), TimeUnit.MILLISECONDS)
                : requests.poll();
        while (request != null) {
            request.run();
            request = requests.poll();
        }
        if (!followed.isEmpty()) {
            deliver(used.poll(ConsumerLoop.POLL));
        }
    }

    private void deliver(ConsumerRecords<byte[], byte[]> records) {
        for (TopicPartition lane : records.partitions()) {
            ReplicaVolume volume = followed.get(lane);
            if (volume != null && !received(volume, records.records(lane))) {
                followed.remove(lane);
                consumer.assign(followed.keySet());
            }
        }
    }

    private static boolean received(ReplicaVolume volume, List<ConsumerRecord<byte[], byte[]>> records) {
        try {
            return volume.received(records);
        } catch (RuntimeException e) {
            volume.holdStill(e);
            return false;
        }
    }

    @Override
    public void close() {
        requests.add(() -> {}); // it may wait for one
        loop.close();
    }
}
