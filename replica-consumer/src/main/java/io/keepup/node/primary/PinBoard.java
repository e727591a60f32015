package io.keepup.node.primary;

import io.keepup.node.NodeCounter;
import io.keepup.node.NodeMetrics;
import io.keepup.node.note.NoteState;
import io.keepup.node.note.NoteState.Pin;
import io.keepup.node.note.VolumeNote;
import io.keepup.v1.SessionKind;
import io.keepup.v1.SyncAck;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.LongConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The pins of one primary volume [N1]-[N3]. A pin is taken when a session is issued, follows what the replica says is
 * durable, and is released once: by CancelSession, or when the replica's answer shows that the session is over. Pins
 * outlive the process; after a restart they stand where they were taken. Thread-safe.
 */
public final class PinBoard {

    private static final Logger log = LoggerFactory.getLogger(PinBoard.class);

    private final String volumeId;
    private final VolumeNote note;
    private final NodeMetrics metrics;
    private final LongConsumer released;
    private final Map<Long, Pin> pins = new TreeMap<>();

    /** @param released told the session id of each released pin, once */
    PinBoard(String volumeId, VolumeNote note, NodeMetrics metrics, LongConsumer released) {
        this.volumeId = volumeId;
        this.note = note;
        this.metrics = metrics;
        this.released = released;
        note.state().pins().forEach(pin -> pins.put(pin.sessionId(), pin));
    }

    /** Takes a pin; false when this session, or a newer one of that replica, was issued before: a redelivery. */
    synchronized boolean take(long sessionId, String replicaId, SessionKind kind, long lsn) {
        if (note.state().issued().getOrDefault(replicaId, 0L) >= sessionId) {
            return false;
        }
        List<Pin> superseded = pins.values().stream()
                .filter(p -> p.replicaId().equals(replicaId))
                .toList();
        superseded.forEach(p -> release(p, "superseded by session " + sessionId));
        Pin pin = new Pin(sessionId, replicaId, kind, lsn);
        List<Pin> next = new ArrayList<>(pins.values());
        next.add(pin);
        remember(pin, next);
        pins.put(sessionId, pin);
        metrics.count(NodeCounter.PINS_TAKEN);
        log.info(
                "Volume {}: WAL above LSN {} pinned for {} session {} of {}",
                volumeId,
                lsn,
                kind,
                sessionId,
                replicaId);
        return true;
    }

    /** What a replica's answer says about its pin. The answer names the newest session the replica knows. */
    synchronized void heard(String replicaId, SyncAck ack) {
        if (ack.getSessionId() == null) {
            return;
        }
        for (Pin pin : List.copyOf(pins.values())) {
            if (!pin.replicaId().equals(replicaId) || ack.getSessionId() < pin.sessionId()) {
                continue;
            }
            if (ack.getSessionId() == pin.sessionId() && ack.getSessionActive()) {
                // In a session receivedLsn is its durable position [N2]. durableLsn is not: in a rebuild it is 0 [R6],
                // and
                // before one what the replica held of an older, perhaps other history.
                advance(pin, ack.getReceivedLsn());
            } else {
                release(pin, "the replica's session is over");
            }
        }
    }

    private void advance(Pin pin, long durableLsn) {
        if (durableLsn > pin.lsn()) {
            pins.put(pin.sessionId(), new Pin(pin.sessionId(), pin.replicaId(), pin.kind(), durableLsn));
        }
    }

    /** Releases a session's pin, if it still stands. */
    synchronized void release(long sessionId, String why) {
        Pin pin = pins.get(sessionId);
        if (pin != null) {
            release(pin, why);
        }
    }

    /** Releases the pins of replicas that are no longer assigned [G3]. */
    synchronized void keepOnly(List<String> replicaIds) {
        for (Pin pin : List.copyOf(pins.values())) {
            if (!replicaIds.contains(pin.replicaId())) {
                release(pin, "the replica is no longer assigned");
            }
        }
    }

    private void release(Pin pin, String why) {
        // Noted first: when that fails the pin still stands, and its release comes again.
        remember(pin, pins.values().stream().filter(p -> p != pin).toList());
        pins.remove(pin.sessionId());
        metrics.count(NodeCounter.PINS_RELEASED);
        log.info("Volume {}: pin of session {} of {} released: {}", volumeId, pin.sessionId(), pin.replicaId(), why);
        released.accept(pin.sessionId());
    }

    private void remember(Pin pin, List<Pin> next) {
        note.update(state -> {
            Map<String, Long> issued = new TreeMap<>(state.issued());
            issued.merge(pin.replicaId(), pin.sessionId(), Math::max);
            return state.withIssued(issued, next);
        });
    }

    /** The lowest pinned LSN: WAL above it stays. {@code Long.MAX_VALUE} without pins [N3]. */
    public synchronized long floor() {
        return pins.values().stream().mapToLong(Pin::lsn).min().orElse(Long.MAX_VALUE);
    }

    /** Gives WAL up, unless a pin needs some of it: in one step, so that no pin is taken between the look and the deed [N3]. */
    synchronized boolean unlessPinned(long upToLsn, Runnable giveUp) {
        if (floor() < upToLsn) {
            return false;
        }
        giveUp.run();
        return true;
    }

    /** The live pins, by session id. */
    public synchronized List<NoteState.Pin> live() {
        return List.copyOf(pins.values());
    }
}
