package io.keepup.streams.fold;

import io.keepup.engine.state.VolumeState;
import io.keepup.schemas.topic.Topics;
import io.keepup.streams.state.FoldedMark;
import io.keepup.streams.state.StateException;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;
import org.apache.kafka.streams.state.KeyValueStore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The state of one task, and what it was folded from. The mark beside the volumes ({@link FoldedMark}) tells whether they
 * are all there, and which event is next: one before it has been folded and is skipped, one behind it means that events are
 * missing between. Where the state is not what the mark or the committed offset says, the task goes no further: events
 * folded on top of less would be refused, or decided otherwise than before.
 */
public final class FoldedState {

    private static final Logger log = LoggerFactory.getLogger(FoldedState.class);
    private static final long UNKNOWN = -1;

    /** What an operator can do about it. */
    public static final String REMEDY =
            "restore that topic, or set keepup.state.refold=true to fold all events again without"
                    + " sending anything, once 'keepup audit --all --verify' has proved that this leads to the same";

    private final int partition;
    private final EventsLog.Factory logs;
    private TaskVolumes volumes;
    private long next;
    /** Whether an event came and was the next one: those behind it come without a gap. */
    private boolean inStep;

    /** How an event is decided. */
    interface Deciding {
        Outcome decide(SourceRecord event, Function<String, VolumeState> volumes);
    }

    private FoldedState(int partition, EventsLog.Factory logs) {
        this.partition = partition;
        this.logs = logs;
    }

    /**
     * The state in the stores of a task.
     *
     * @param deciding for folding all events again, if that is wanted
     * @throws StateException when the state is lost
     */
    static FoldedState open(
            KeyValueStore<String, byte[]> store,
            KeyValueStore<String, byte[]> marks,
            int partition,
            StateRecovery recovery,
            Deciding deciding) {
        FoldedState state = new FoldedState(partition, recovery.logs());
        try {
            state.begin(new TaskVolumes(store, marks));
        } catch (StateException e) {
            if (!recovery.refold()) {
                throw e;
            }
            log.warn(
                    "{}: folding all events of partition {} again, without sending anything",
                    e.getMessage(),
                    partition);
            state.refold(store, marks, deciding);
        }
        return state;
    }

    private void begin(TaskVolumes stored) {
        volumes = stored;
        next = UNKNOWN;
        FoldedMark mark = stored.mark();
        try (EventsLog events = logs.open()) {
            long committed = events.committed(partition).orElse(0);
            if (mark == null) {
                if (stored.isEmpty() && any(events, 0, committed)) {
                    throw lost("it is empty, though events up to offset %s have been folded".formatted(committed));
                }
                return; // a new app, or volumes of a build without marks
            }
            long end = events.end(partition);
            if (end < mark.next()) {
                throw new StateException(
                        "cannot fold partition %s of %s: it ends at offset %s, and events up to %s have been folded: the topic was made again or cut off; restore it"
                                .formatted(partition, Topics.EVENTS, end, mark.next()));
            }
            boolean behind = any(events, mark.next(), committed);
            if (stored.agreesWithMark()) {
                if (behind) {
                    throw lost("it ends at offset %s, and events up to %s have been folded"
                            .formatted(mark.next(), committed));
                }
                next = mark.next();
            } else if (!behind || stored.isEmpty()) {
                throw lost("it does not hold the %s volumes it held last".formatted(mark.volumes()));
            } // else a build without marks went on from it
        }
    }

    private boolean any(EventsLog events, long from, long until) {
        boolean[] any = {false};
        events.read(partition, from, until, record -> {
            any[0] = true;
            return false;
        });
        return any[0];
    }

    private StateException lost(String how) {
        return new StateException("cannot fold partition %s of %s: the state in its changelog was lost (%s); %s"
                .formatted(partition, Topics.EVENTS, how, REMEDY));
    }

    TaskVolumes volumes() {
        return volumes;
    }

    /**
     * Whether an event is to be folded: it is the next one; false when it has been folded already.
     *
     * @throws StateException when events between are missing from the state
     */
    boolean expects(long offset) {
        if (inStep || next == UNKNOWN) {
            inStep = true;
            return true;
        }
        if (offset < next) {
            return false;
        }
        if (offset > next) { // ends of transactions have offsets too
            try (EventsLog events = logs.open()) {
                if (any(events, next, offset)) {
                    throw lost("it ends at offset %s, the next event is at %s".formatted(next, offset));
                }
            }
        }
        inStep = true;
        return true;
    }

    /** The event at that offset has been folded. */
    void folded(long offset) {
        next = offset + 1;
        volumes.folded(next);
    }

    /** Writes nothing until it is done: a transaction that has begun must end soon. */
    private void refold(KeyValueStore<String, byte[]> store, KeyValueStore<String, byte[]> marks, Deciding deciding) {
        Map<String, Outcome> newest = new HashMap<>();
        Function<String, VolumeState> known = volumeId -> {
            Outcome outcome = newest.get(volumeId);
            return outcome == null ? VolumeState.initial(volumeId) : outcome.volume();
        };
        long[] count = {0};
        try (EventsLog events = logs.open()) {
            if (events.begin(partition) > 0) {
                throw new StateException(
                        "cannot fold partition %s of %s again: its first events are gone; restore the changelog"
                                .formatted(partition, Topics.EVENTS));
            }
            next = events.committed(partition).orElse(0);
            if (events.end(partition) < next) {
                throw new StateException("cannot fold partition %s of %s again: its last events are gone; restore it"
                        .formatted(partition, Topics.EVENTS));
            }
            events.read(partition, 0, next, record -> {
                Outcome outcome = deciding.decide(record, known);
                if (outcome.volume() != null) {
                    newest.put(outcome.volume().volumeId(), outcome);
                }
                count[0]++;
                return true;
            });
        }
        volumes = TaskVolumes.emptied(store, marks);
        newest.values().forEach(outcome -> volumes.put(outcome.volume(), outcome.state()));
        volumes.folded(next);
        log.info(
                "partition {}: folded {} events again to {} volumes, and sent nothing",
                partition,
                count[0],
                newest.size());
    }
}
