package io.keepup.bench.simulate.log;

import io.keepup.bench.simulate.time.Process;
import io.keepup.bench.simulate.time.Scheduler;
import io.keepup.bench.simulate.time.Wait;
import io.keepup.node.world.Lanes;
import io.keepup.schemas.topic.TopicException;
import io.keepup.schemas.topic.Topics;
import java.time.Duration;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;

/** Lanes of one simulated process. */
public final class SimulatedLanes implements Lanes {

    private static final long CALL_NANOS = 2_000_000;
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final Scheduler time;
    private final SimulatedLog log;
    private final Link link;
    private final Process process;
    private final Deleted deleted;

    /** Told of a lane whose records were deleted, when they are gone: those from one offset to before another. */
    public interface Deleted {
        void deleted(String topic, long from, long to);
    }

    public SimulatedLanes(Scheduler time, SimulatedLog log, Link link, Process process, Deleted deleted) {
        this.time = time;
        this.log = log;
        this.link = link;
        this.process = process;
        this.deleted = deleted;
    }

    @Override
    public void ensure(String volumeId) {
        if (!call()) {
            throw new TopicException(
                    "the lanes of volume " + volumeId + " are not made in time: is the broker up?",
                    new TimeoutException("no answer"));
        }
        log.create(Topics.wal(volumeId));
        log.create(Topics.base(volumeId));
    }

    @Override
    public long delete(TopicPartition lane, long beforeOffset) {
        if (!call()) {
            throw new KafkaException("deleting records of " + lane + " took too long");
        }
        long from = log.begin(lane.topic());
        long begin = log.delete(lane.topic(), beforeOffset);
        deleted.deleted(lane.topic(), from, begin);
        return begin;
    }

    private boolean call() {
        process.requireAlive();
        long at = time.now() + CALL_NANOS;
        long deadline = time.now() + PATIENCE.toNanos();
        time.await(new Wait() {
            @Override
            public boolean over(long now) {
                return now >= deadline || now >= at && link.open();
            }

            @Override
            public long until(long now) {
                return Math.min(deadline, Math.max(at, link.opens()));
            }
        });
        return link.open();
    }
}
