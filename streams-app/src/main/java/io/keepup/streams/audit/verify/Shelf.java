package io.keepup.streams.audit.verify;

import io.keepup.streams.audit.Place;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;
import org.apache.kafka.common.TopicPartition;

/**
 * What one partition of an output topic holds of one events partition, in 34 bytes a record. The fold writes in the order
 * of its events, so a replay finds all of an event's next to each other, one event after the other; what lies behind later
 * ones is kept aside. Taken once, from front to back.
 */
final class Shelf {

    private static final int FIRST_ROOM = 256;

    private final TopicPartition partition;
    private final boolean whole;
    private final TreeMap<Long, List<Found>> late = new TreeMap<>();
    private long[] causes = new long[FIRST_ROOM];
    private long[] offsets = new long[FIRST_ROOM];
    private long[] highs = new long[FIRST_ROOM];
    private long[] lows = new long[FIRST_ROOM];
    private byte[] versions = new byte[FIRST_ROOM];
    private boolean[] ours = new boolean[FIRST_ROOM];
    private int size;
    private int next;
    private long oldestCause = Long.MAX_VALUE;

    /** @param whole nothing that was ever written to the partition was taken away by age or size */
    Shelf(TopicPartition partition, boolean whole) {
        this.partition = partition;
        this.whole = whole;
    }

    /** An output of that event is still there, of whatever volume. */
    void stillHas(long cause) {
        oldestCause = Math.min(oldestCause, cause);
    }

    /** Whether an output of that event may have been there and gone with age: the oldest that is left is no older. */
    boolean mayHaveLost(long cause) {
        return !whole && cause <= oldestCause;
    }

    void add(Found found) {
        if (size > 0 && found.cause() < causes[size - 1]) {
            late.computeIfAbsent(found.cause(), cause -> new ArrayList<>()).add(found.thatIsLate());
            return;
        }
        if (size == causes.length) {
            grow(size * 2);
        }
        causes[size] = found.cause();
        offsets[size] = found.place().offset();
        highs[size] = found.high();
        lows[size] = found.low();
        versions[size] = (byte) Math.min(found.version(), Byte.MAX_VALUE);
        ours[size] = found.ours();
        size++;
    }

    private void grow(int room) {
        causes = Arrays.copyOf(causes, room);
        offsets = Arrays.copyOf(offsets, room);
        highs = Arrays.copyOf(highs, room);
        lows = Arrays.copyOf(lows, room);
        versions = Arrays.copyOf(versions, room);
        ours = Arrays.copyOf(ours, room);
    }

    /** Takes the next record if it is that event's and the same; else answers null. */
    Found takeSame(long cause, Fingerprint print) {
        return next < size && causes[next] == cause && highs[next] == print.high() && lows[next] == print.low()
                ? take()
                : null;
    }

    /** Takes all that is left of events up to that one. */
    void takeUpTo(long cause, List<Found> into) {
        while (next < size && causes[next] <= cause) {
            into.add(take());
        }
        while (!late.isEmpty() && late.firstKey() <= cause) {
            into.addAll(late.pollFirstEntry().getValue());
        }
    }

    private Found take() {
        Found found = new Found(
                new Place(partition, offsets[next]),
                causes[next],
                highs[next],
                lows[next],
                versions[next],
                ours[next],
                false);
        next++;
        return found;
    }
}
