package io.keepup.streams.watchdog;

import io.keepup.engine.message.Event;
import io.keepup.engine.message.Meta;
import io.keepup.engine.state.ReplicaView;
import io.keepup.engine.state.Session;
import io.keepup.engine.state.View;
import io.keepup.engine.state.VolumeState;
import io.keepup.engine.word.FailureReason;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.ListIterator;
import java.util.Map;

/**
 * Remembers the live sessions of the volumes it sees, and says which of them are past their deadline or have stalled
 * [C4]. It holds nothing of volumes without one, so idle volumes cost nothing. It only says so: the guard decides whether
 * that is still news when it is folded, and the step cancels [P7].
 *
 * <p>How long a session has been still is measured on one clock, the caller's: from when progress was seen here, not from
 * when a replica says it was. A replica whose clock is slow would stall all the time otherwise, and so would every session
 * that went on while nobody folded. After a restart the time begins anew; deadlines do not.
 *
 * <p>Not thread-safe: one for each stream task.
 */
public final class Watchdog {

    static final String SOURCE = "watchdog";

    private final Duration stallLimit;
    private final Map<String, List<Watched>> volumes = new HashMap<>();

    public Watchdog(WatchdogSettings settings) {
        this.stallLimit = settings.stallLimit();
    }

    /**
     * A session to be failed.
     *
     * @param event its id follows from volume, session and reason, so that the same verdict twice is the same event
     * @param detail one sentence for people
     */
    public record Alarm(Event.SessionFailed event, String detail) {}

    /**
     * A live session of the primary's view.
     *
     * @param seenAt ms, by the caller's clock: when it was first seen, or last seen to have got on
     * @param told its alarm was given: there is one terminal event a session
     */
    private record Watched(String nodeId, long epoch, String replicaId, Session session, long seenAt, boolean told) {
        Watched afterAlarm() {
            return new Watched(nodeId, epoch, replicaId, session, seenAt, true);
        }
    }

    /** The volume stands like this from now on; {@code now} in ms since 1970. */
    public void see(VolumeState volume, long now) {
        List<Watched> before = volumes.getOrDefault(volume.volumeId(), List.of());
        List<Watched> after = new ArrayList<>();
        View primary = volume.primaryView();
        if (primary != null) {
            for (ReplicaView replica : primary.replicas()) {
                if (replica.session().live()) {
                    after.add(watched(before, primary, replica, now));
                }
            }
        }
        if (!after.isEmpty()) {
            volumes.put(volume.volumeId(), after);
        } else if (!before.isEmpty()) {
            volumes.remove(volume.volumeId());
        }
    }

    private static Watched watched(List<Watched> before, View primary, ReplicaView replica, long now) {
        Session session = replica.session();
        for (Watched known : before) {
            if (known.session().id() == session.id()) {
                boolean gotOn = session.advancedAt() != known.session().advancedAt();
                return new Watched(
                        primary.nodeId(),
                        primary.epoch(),
                        replica.id(),
                        session,
                        gotOn ? now : known.seenAt(),
                        known.told());
            }
        }
        return new Watched(primary.nodeId(), primary.epoch(), replica.id(), session, now, false);
    }

    /** What is overdue at that time, ms since 1970; each session once. */
    public List<Alarm> overdue(long now) {
        List<Alarm> alarms = new ArrayList<>();
        volumes.forEach((volumeId, sessions) -> {
            for (ListIterator<Watched> each = sessions.listIterator(); each.hasNext(); ) {
                Watched watched = each.next();
                FailureReason reason = watched.told() ? FailureReason.NONE : verdict(watched, now);
                if (reason != FailureReason.NONE) {
                    alarms.add(alarm(volumeId, watched, reason, now));
                    each.set(watched.afterAlarm());
                }
            }
        });
        return alarms;
    }

    /** Live sessions it remembers. */
    int watched() {
        return volumes.values().stream().mapToInt(List::size).sum();
    }

    private FailureReason verdict(Watched watched, long now) {
        long deadline = watched.session().deadline();
        if (deadline > 0 && now > deadline) {
            return FailureReason.DEADLINE_EXCEEDED;
        }
        return now - watched.seenAt() > stallLimit.toMillis() ? FailureReason.PROGRESS_STALLED : FailureReason.NONE;
    }

    private Alarm alarm(String volumeId, Watched watched, FailureReason reason, long now) {
        Session session = watched.session();
        Meta meta = new Meta(
                "%s/%s/%s/%s".formatted(SOURCE, volumeId, session.id(), reason.word()),
                volumeId,
                watched.nodeId(),
                watched.epoch(),
                now,
                SOURCE);
        Event.SessionFailed event =
                new Event.SessionFailed(meta, watched.replicaId(), session.id(), session.kind(), reason);
        String detail = reason == FailureReason.DEADLINE_EXCEEDED
                ? "its deadline was %s".formatted(Instant.ofEpochMilli(session.deadline()))
                : "no progress was seen since %s, the limit is %s ms"
                        .formatted(Instant.ofEpochMilli(watched.seenAt()), stallLimit.toMillis());
        return new Alarm(event, detail);
    }
}
