package io.keepup.streams.watchdog;

import io.keepup.engine.message.Event;
import io.keepup.engine.message.Meta;
import io.keepup.engine.state.ReplicaView;
import io.keepup.engine.state.Session;
import io.keepup.engine.state.View;
import io.keepup.engine.state.VolumeState;
import io.keepup.engine.word.FailureReason;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.ListIterator;
import java.util.Map;

/**
 * Remembers the live sessions of the volumes it sees, and says which of them have stalled or do not get nearer to their end
 * [C4]. It holds nothing of volumes without one, so idle volumes cost nothing. It only says so: the guard decides whether
 * that is still news when it is folded [A12], and the step cancels [P7].
 *
 * <p>All times but those for people are of {@link WatchTime}, from when something was seen here, not from when a replica says it
 * was [A11]. After a restart they begin anew.
 *
 * <p>Not thread-safe: one for each stream task.
 */
public final class Watchdog {

    static final String SOURCE = "watchdog";

    private final Duration stallLimit;
    private final Duration budget;
    private final Map<String, List<Watched>> volumes = new HashMap<>();

    public Watchdog(WatchdogSettings settings) {
        this.stallLimit = settings.stallLimit();
        this.budget = settings.budget();
    }

    /**
     * A session to be failed.
     *
     * @param event its id follows from volume, session, reason and what was seen, so that the same verdict twice is the same
     *     event
     * @param detail one sentence for people
     * @param durationMs how long the session was seen live
     */
    public record Alarm(Event.SessionFailed event, String detail, long durationMs) {}

    /**
     * A live session of the primary's view.
     *
     * @param since when it was first seen
     * @param heardAt when it was first seen, or last seen to have reported something new
     * @param nearerAt when it was first seen, or last seen to have got nearer to its end
     * @param told its alarm was given, and nothing new was seen since
     */
    private record Watched(
            String nodeId,
            long epoch,
            String replicaId,
            Session session,
            long since,
            long heardAt,
            long nearerAt,
            boolean told) {
        Watched afterAlarm() {
            return new Watched(nodeId, epoch, replicaId, session, since, heardAt, nearerAt, true);
        }
    }

    /** The volume stands like this from now on. */
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
            Session last = known.session();
            if (last.id() == session.id()) {
                boolean heard = session.reports() != last.reports();
                boolean nearer = session.steps() != last.steps();
                return new Watched(
                        primary.nodeId(),
                        primary.epoch(),
                        replica.id(),
                        session,
                        known.since(),
                        heard ? now : known.heardAt(),
                        nearer ? now : known.nearerAt(),
                        known.told() && !heard);
            }
        }
        return new Watched(primary.nodeId(), primary.epoch(), replica.id(), session, now, now, now, false);
    }

    /**
     * What is overdue at that time; each session once, unless it is heard again.
     *
     * @param wallMs ms since 1970, for people
     */
    public List<Alarm> overdue(long now, long wallMs) {
        List<Alarm> alarms = new ArrayList<>();
        volumes.forEach((volumeId, sessions) -> {
            for (ListIterator<Watched> each = sessions.listIterator(); each.hasNext(); ) {
                Watched watched = each.next();
                FailureReason reason = watched.told() ? FailureReason.NONE : verdict(watched, now);
                if (reason != FailureReason.NONE) {
                    alarms.add(alarm(volumeId, watched, reason, now, wallMs));
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
        if (now - watched.nearerAt() > budget.toMillis()) {
            return FailureReason.DEADLINE_EXCEEDED;
        }
        return now - watched.heardAt() > stallLimit.toMillis() ? FailureReason.PROGRESS_STALLED : FailureReason.NONE;
    }

    private Alarm alarm(String volumeId, Watched watched, FailureReason reason, long now, long wallMs) {
        Session session = watched.session();
        boolean late = reason == FailureReason.DEADLINE_EXCEEDED;
        long seen = late ? session.steps() : session.reports();
        Meta meta = new Meta(
                "%s/%s/%s/%s/%s".formatted(SOURCE, volumeId, session.id(), reason.word(), seen),
                volumeId,
                watched.nodeId(),
                watched.epoch(),
                wallMs,
                SOURCE);
        Event.SessionFailed event =
                new Event.SessionFailed(meta, watched.replicaId(), session.id(), session.kind(), reason, seen);
        String detail = late
                ? "it got no nearer to its end for %s ms, the limit is %s ms"
                        .formatted(now - watched.nearerAt(), budget.toMillis())
                : "no progress was seen for %s ms, the limit is %s ms"
                        .formatted(now - watched.heardAt(), stallLimit.toMillis());
        return new Alarm(event, detail, now - watched.since());
    }
}
