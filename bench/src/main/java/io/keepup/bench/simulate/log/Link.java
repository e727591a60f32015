package io.keepup.bench.simulate.log;

import io.keepup.bench.simulate.time.Scheduler;
import io.keepup.bench.simulate.time.Wait;
import io.keepup.schemas.codec.CloudEventHeaders;
import io.keepup.v1.BaseChunk;
import io.keepup.v1.WalBatch;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.apache.kafka.common.header.Header;

/** How one process reaches the log: how long records take, and when they do not get through. */
public final class Link {

    private static final Set<String> DAMAGED = Set.of(WalBatch.SCHEMA$.getFullName(), BaseChunk.SCHEMA$.getFullName());

    private record Slow(String topic, long from, long until, long nanos) {}

    private final Scheduler time;
    private final String name;
    private final List<Slow> slow = new ArrayList<>();
    private final List<Slow> flips = new ArrayList<>();
    private final List<Slow> losses = new ArrayList<>();
    private long cutUntil;

    public Link(Scheduler time, String name) {
        this.time = time;
        this.name = name;
    }

    public String name() {
        return name;
    }

    /** Nothing gets through from now on for so long. */
    public void cut(long nanos) {
        cutUntil = Math.max(cutUntil, time.now() + nanos);
    }

    /** What is written to a topic from now on for so long takes that much longer to come here. */
    public void slow(String topic, long forNanos, long longer) {
        slow.add(new Slow(topic, time.now(), time.now() + forNanos, longer));
    }

    /** The next record of a topic that comes here from now on has one bit flipped. */
    public void flip(String topic, long bit) {
        flips.add(new Slow(topic, time.now(), Wait.NEVER, bit));
    }

    /** The next record of a topic that comes here from now on never arrives. */
    public void lose(String topic) {
        losses.add(new Slow(topic, time.now(), Wait.NEVER, 0));
    }

    /** All is well again. */
    public void heal() {
        cutUntil = 0;
        slow.clear();
        flips.clear();
        losses.clear();
    }

    public boolean open() {
        return time.now() >= cutUntil;
    }

    /** When it is open, at the earliest. */
    public long opens() {
        return cutUntil;
    }

    long extra(Stored stored) {
        long extra = 0;
        for (Slow each : slow) {
            if (each.topic.equals(stored.topic()) && stored.at() >= each.from && stored.at() < each.until) {
                extra += each.nanos;
            }
        }
        return extra;
    }

    private static String type(Stored stored) {
        Header type = stored.headers().lastHeader(CloudEventHeaders.TYPE);
        return type == null ? "" : new String(type.value(), StandardCharsets.UTF_8);
    }

    /** Whether the record is lost on its way. */
    boolean loses(Stored stored) {
        for (Slow each : losses) {
            if (each.topic.equals(stored.topic())) {
                losses.remove(each);
                return true;
            }
        }
        return false;
    }

    /**
     * The record's value as it comes over this link. Only batches and chunks are ever damaged: the two records around a base
     * carry no checksum of their own, and rely on those of Kafka and TCP.
     */
    byte[] carried(Stored stored) {
        for (Slow each : flips) {
            if (each.topic.equals(stored.topic()) && DAMAGED.contains(type(stored)) && stored.value() != null) {
                flips.remove(each);
                byte[] flipped = stored.value().clone();
                int bit = (int) Long.remainderUnsigned(each.nanos, 8L * flipped.length);
                flipped[bit / 8] ^= (byte) (1 << bit % 8);
                return flipped;
            }
        }
        return stored.value();
    }
}
