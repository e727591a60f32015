package io.keepup.node.primary;

import io.keepup.node.NodeContext;
import io.keepup.node.NodeCounter;
import io.keepup.node.NodeSettings;
import io.keepup.node.event.NodeEvents.SessionRef;
import io.keepup.node.lane.LaneTopics;
import io.keepup.node.lane.WalTopic;
import io.keepup.node.note.NoteState.Pin;
import io.keepup.node.world.Mutex;
import io.keepup.v1.FailureReason;
import io.keepup.volume.Volume;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the WAL lane of one primary volume holds: its bounds and its trimming. The tail is a fact about the lane, told in
 * every sync; local WAL is recycled only below it. Pins hold the tail, up to a hard limit [N4]. Thread-safe.
 */
public final class RetainedWal {

    private static final Logger log = LoggerFactory.getLogger(RetainedWal.class);
    private static final int SLICES = 16;
    private static final long BETWEEN_TRIMS_MS = 1_000;
    private static final double SLOW_FROM = 0.75;
    private static final long SLOWEST_MS = 100;

    /**
     * Some WAL of the lane.
     *
     * @param nextOffset of the lane, where what follows it lies; -1 when another process shipped it
     */
    private record Slice(long lastLsn, long bytes, long nextOffset) {}

    /** A place on the lane: nothing from {@code tail} on lies before {@code offset}, or lies there only. */
    private record Cut(long tail, long offset) {}

    private final NodeContext context;
    private final Volume volume;
    private final String volumeId;
    private final long epoch;
    private final PinBoard pins;
    private final long limit;
    private final long hardLimit;
    private final Deque<Slice> slices = new ArrayDeque<>();
    /** Not the monitor: acknowledgements must not wait for the broker and the disk. */
    private final Mutex trims;

    private long triedAt;
    private long retainedBytes;
    /** Below this offset the lane is known to hold no newer primary's records, which are not ours to delete. */
    private long cleared;
    /** The newest run of records of this process that nobody's lie between: its first offset, and the one behind it. */
    private long runBegin;

    private long runEnd;
    /** The lane's first offset when it was last looked at, or as it was left here: the tail is of there. */
    private long begin;

    private volatile long tail;
    private volatile long acknowledged;
    private volatile boolean connected;

    RetainedWal(NodeContext context, Volume volume, long epoch, PinBoard pins) {
        this.context = context;
        this.volume = volume;
        this.volumeId = volume.status().spec().volumeId();
        this.epoch = epoch;
        this.pins = pins;
        this.trims = new Mutex(context.tasks());
        this.limit = context.settings().get(NodeSettings.WAL_RETAIN_BYTES);
        this.hardLimit = context.settings().walLimitBytes();
    }

    /**
     * The lane's bounds are known: from the offset {@code from} on it holds {@code firstLsn} to {@code lastLsn}, in about so
     * many bytes.
     */
    synchronized void connected(long firstLsn, long lastLsn, long bytes, long from) {
        begin = from;
        cleared = from;
        runBegin = from;
        runEnd = from;
        tail = firstLsn;
        acknowledged = lastLsn;
        slices.clear();
        retainedBytes = 0;
        long entries = lastLsn - firstLsn + 1;
        for (int i = 1; i <= SLICES && entries > 0; i++) {
            add(firstLsn - 1 + entries * i / SLICES, bytes / SLICES, -1);
        }
        connected = true;
    }

    synchronized void disconnected() {
        connected = false;
    }

    /** The broker has a batch, at an offset of the lane. */
    synchronized void acknowledged(long lastLsn, long bytes, long offset) {
        acknowledged = Math.max(acknowledged, lastLsn);
        boolean known = offset >= 0;
        add(lastLsn, bytes, known ? offset + 1 : -1);
        if (known && offset != runEnd) {
            runBegin = offset;
        }
        if (known) {
            runEnd = offset + 1;
        }
    }

    private void add(long lastLsn, long bytes, long nextOffset) {
        slices.addLast(new Slice(lastLsn, bytes, nextOffset));
        retainedBytes += bytes;
    }

    /** Up to where to trim so that three quarters of the retention limit stay; 0 while there is no need, or no way. */
    long overdue() {
        return overdue(pins.floor()); // the pins before the monitor, always: they give up WAL in their own
    }

    private synchronized long overdue(long floor) {
        long now = context.uptimeMs();
        boolean held = floor < tail && retainedBytes <= hardLimit;
        if (!connected || retainedBytes <= limit || held || triedAt > 0 && now - triedAt < BETWEEN_TRIMS_MS) {
            return 0;
        }
        triedAt = now;
        return lastOf(retainedBytes - limit / 4 * 3);
    }

    /** Last LSN of the oldest so many bytes. */
    private long lastOf(long bytes) {
        long excess = bytes;
        long upTo = 0;
        for (Slice slice : slices) {
            if (excess <= 0) {
                break;
            }
            upTo = slice.lastLsn;
            excess -= slice.bytes;
        }
        return upTo;
    }

    /**
     * Breaks the pins but for which the lane could keep to its hard limit, and no others: says that their sessions failed,
     * then releases them. Said again after a crash in between, to no effect [G4].
     */
    void breakPins() {
        for (Pin pin : inTheWay()) {
            SessionRef session = new SessionRef(volumeId, context.nodeId(), epoch, pin.sessionId(), pin.kind());
            String why = "the WAL lane of volume %s holds more than its limit of %s bytes above LSN %s"
                    .formatted(volumeId, hardLimit, pin.lsn());
            context.events().failed(pin.replicaId(), session, FailureReason.pin_lost, why);
            pins.release(pin.sessionId(), "broken, " + why);
            context.metrics().count(NodeCounter.PINS_BROKEN);
            log.warn(
                    "Volume {}: {} session {} of {} gives way to the limit of the WAL, {} bytes",
                    volumeId,
                    pin.kind(),
                    pin.sessionId(),
                    pin.replicaId(),
                    hardLimit);
        }
    }

    private List<Pin> inTheWay() {
        long upTo = beyondLimit();
        return pins.live().stream().filter(pin -> pin.lsn() < upTo).toList();
    }

    /** Last LSN of what the lane holds above its hard limit. */
    private synchronized long beyondLimit() {
        return lastOf(retainedBytes - hardLimit);
    }

    /**
     * How long a writer should wait before its next write: nothing while less than three quarters of the hard limit are
     * full, then more and more, so that a session whose pin holds the WAL may still get through before it breaks [N4].
     */
    public Duration pressure() {
        double full = (double) retainedBytes() / hardLimit;
        return full <= SLOW_FROM || pins.floor() == Long.MAX_VALUE
                ? Duration.ZERO
                : Duration.ofMillis((long) (SLOWEST_MS * Math.min(1, (full - SLOW_FROM) / (1 - SLOW_FROM))));
    }

    private synchronized long retainedBytes() {
        return retainedBytes;
    }

    /**
     * Drops WAL up to an LSN from the lane, in whole records, then locally; never what a live pin needs, and never what
     * was not shipped [N3].
     *
     * @return the tail after it
     * @throws FencedException when a newer primary ships to the lane
     */
    public long trim(long upToLsn) {
        return trims.get(() -> {
            long upTo = Math.min(Math.min(upToLsn, acknowledged), pins.floor());
            if (connected && upTo >= tail && deleteRecords(upTo)) {
                volume.recycleWal(Math.min(tail - 1, volume.flush()));
                context.metrics().count(NodeCounter.WAL_TRIMS);
                log.info("Volume {}: WAL trimmed, the lane now begins at LSN {}", volumeId, tail);
            }
            return tail;
        });
    }

    /**
     * Looks at what the lane really holds. Retention set by somebody else, or another hand, may have deleted from it: then
     * the tail is raised and the next sync tells it [N4]; else catch-ups would be decided, and lost, for ever.
     */
    void verify() {
        trims.run(this::compare);
    }

    private void compare() {
        try (WalTopic topic = new WalTopic(context, volumeId)) {
            long from = topic.begin();
            if (from == begin()) {
                return;
            }
            long none = acknowledged + 1; // read first: what is acknowledged by now is below the end, if it is there
            long first = topic.begin(epoch, topic.end())
                    .map(WalTopic.Shipped::firstLsn)
                    .orElse(none);
            if (connected && first > tail) {
                log.error(
                        "Volume {}: the WAL lane begins at LSN {}, not {}: somebody deleted from it, check its retention",
                        volumeId,
                        first,
                        tail);
                dropped(first);
            }
            begins(from);
        }
    }

    private synchronized long begin() {
        return begin;
    }

    private synchronized void begins(long offset) {
        begin = Math.max(begin, offset);
    }

    private boolean deleteRecords(long upTo) {
        Optional<Cut> found = ownCut(upTo).or(() -> foreignCut(upTo));
        if (found.isEmpty()) {
            return false;
        }
        Cut cut = found.get();
        requireOurs(cut.offset);
        // Finding it may have taken its time: the pins are asked again, and in one step the new tail is a fact.
        if (!pins.unlessPinned(cut.tail - 1, () -> dropped(cut.tail))) {
            return false;
        }
        context.lanes().delete(LaneTopics.wal(volumeId), cut.offset);
        begins(cut.offset);
        return true;
    }

    /**
     * A node that was replaced and does not know it shares the lane with a newer primary: what that one shipped lies between
     * its own records, or before them.
     *
     * @throws FencedException when such records lie below the offset
     */
    private void requireOurs(long before) {
        long from = clearedTo();
        if (before <= from) {
            return;
        }
        try (WalTopic topic = new WalTopic(context, volumeId)) {
            FencedException.throwIfNewer(topic.firstAbove(epoch, Math.max(from, topic.begin()), before), epoch);
        }
        clear(before);
    }

    private synchronized long clearedTo() {
        if (runBegin <= cleared) {
            cleared = Math.max(cleared, runEnd);
        }
        return cleared;
    }

    private synchronized void clear(long before) {
        cleared = Math.max(cleared, before);
    }

    /** Of what this process shipped: what it shipped later lies behind it, whatever else came in between. */
    private synchronized Optional<Cut> ownCut(long upTo) {
        Iterator<Slice> newest = slices.descendingIterator();
        while (newest.hasNext()) {
            Slice slice = newest.next();
            if (slice.nextOffset >= 0 && slice.lastLsn <= upTo) {
                return Optional.of(new Cut(slice.lastLsn + 1, slice.nextOffset));
            }
        }
        return Optional.empty();
    }

    /** Of what an earlier process shipped: some of that may have come late and lie out of its order. */
    private Optional<Cut> foreignCut(long upTo) {
        try (WalTopic topic = new WalTopic(context, volumeId)) {
            return topic.floorInOrder(epoch, upTo + 1)
                    .map(at -> at.lastLsn() <= upTo
                            ? new Cut(at.lastLsn() + 1, at.offset() + 1)
                            : new Cut(at.firstLsn(), at.offset()));
        }
    }

    private synchronized void dropped(long newTail) {
        tail = newTail;
        while (!slices.isEmpty() && slices.peekFirst().lastLsn < newTail) {
            retainedBytes -= slices.removeFirst().bytes;
        }
    }

    /** Oldest LSN on the lane, or about to be: told before the rest is deleted. One above the newest when it holds none. */
    public long tail() {
        return tail;
    }

    /** Newest LSN the broker has acknowledged. */
    public long acknowledged() {
        return acknowledged;
    }

    /** Whether the lane's bounds are known and entries are being shipped. */
    public boolean connected() {
        return connected;
    }
}
