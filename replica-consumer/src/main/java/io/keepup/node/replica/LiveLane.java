package io.keepup.node.replica;

import io.keepup.node.NodeContext;
import io.keepup.node.lane.LaneTopics;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The receiver of a node: one consumer on one thread follows the WAL lanes of all its replica volumes. A volume that
 * cannot take what comes is left out until it is positioned anew; the others go on.
 */
public final class LiveLane implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(LiveLane.class);
    private static final Duration POLL = Duration.ofMillis(500);

    private final Consumer<byte[], byte[]> consumer;
    private final Map<TopicPartition, ReplicaVolume> followed = new HashMap<>();
    private final BlockingQueue<Runnable> requests = new LinkedBlockingQueue<>();
    private final Thread thread;
    private final CountDownLatch stopped = new CountDownLatch(1);

    public LiveLane(NodeContext context) {
        this.consumer = context.kafka().laneConsumer("live", "earliest");
        this.thread = Thread.ofPlatform()
                .name("keepup-%s-live-lane".formatted(context.nodeId()))
                .daemon(true)
                .unstarted(this::run);
    }

    public void start() {
        thread.start();
    }

    /** Follows a volume's lane from an offset on; the future completes when the lane is positioned. */
    CompletableFuture<Void> follow(ReplicaVolume volume, long offset) {
        CompletableFuture<Void> positioned = new CompletableFuture<>();
        TopicPartition lane = LaneTopics.wal(volume.volumeId());
        request(() -> {
            followed.put(lane, volume);
            consumer.assign(followed.keySet());
            consumer.seek(lane, offset);
            positioned.complete(null);
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
        consumer.wakeup();
    }

    private void run() {
        try {
            while (stopped.getCount() > 0) {
                try {
                    turn();
                } catch (WakeupException e) {
                    // a request is waiting
                } catch (RuntimeException e) {
                    log.error("The live lane cannot read, trying again", e);
                    stopped.await(POLL.toMillis(), TimeUnit.MILLISECONDS);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            consumer.close(CloseOptions.timeout(Duration.ZERO));
        }
    }

    private void turn() throws InterruptedException {
        Runnable request = followed.isEmpty() ? requests.poll(POLL.toMillis(), TimeUnit.MILLISECONDS) : requests.poll();
        while (request != null) {
            request.run();
            request = requests.poll();
        }
        if (!followed.isEmpty()) {
            deliver(consumer.poll(POLL));
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
        stopped.countDown();
        request(() -> {}); // wakes it, whatever it waits for
        if (!thread.isAlive()) {
            return;
        }
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
