package io.keepup.engine.state;

import io.keepup.engine.message.ReplicaEndpoint;
import io.keepup.engine.message.SyncAck;
import io.keepup.engine.word.AckKind;
import io.keepup.engine.word.FailureReason;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * What a primary knows of one replica in its epoch.
 *
 * @param lastSyncAck the facts last heard; {@link SyncAck#NONE} before the first
 * @param lastSyncId highest sync folded, 0 before the first [G5]
 * @param streak of sessions that failed one after the other [P11]
 * @param wishes fingerprints of the newest requests for a rebuild, the newest last: one delivered again is none, however long
 *     ago it was granted [Q2]
 */
public record ReplicaView(
        ReplicaEndpoint endpoint,
        SyncAck lastSyncAck,
        long lastSyncId,
        Session session,
        FailureStreak streak,
        List<Long> wishes)
        implements ById.Identified {

    private static final int WISHES = 8;

    public ReplicaView {
        Objects.requireNonNull(endpoint, "endpoint");
        Objects.requireNonNull(lastSyncAck, "lastSyncAck");
        Objects.requireNonNull(session, "session");
        Objects.requireNonNull(streak, "streak");
        wishes = List.copyOf(wishes);
    }

    /** A replica just assigned: never heard, nothing decided [E1]. */
    public static ReplicaView assigned(ReplicaEndpoint endpoint) {
        return new ReplicaView(endpoint, SyncAck.NONE, 0, Session.NONE, FailureStreak.NONE, List.of());
    }

    @Override
    public String id() {
        return endpoint.replicaId();
    }

    /** The last sync brought the replica's own, settled facts [P1]. */
    public boolean heard() {
        return lastSyncAck.ackKind() == AckKind.QUORUM && !lastSyncAck.sessionActive();
    }

    public ReplicaView withAck(SyncAck ack, long syncId) {
        return new ReplicaView(endpoint, ack, syncId, session, streak, wishes);
    }

    public ReplicaView withSession(Session next) {
        return next == session ? this : new ReplicaView(endpoint, lastSyncAck, lastSyncId, next, streak, wishes);
    }

    public ReplicaView withStreak(FailureStreak next) {
        return next == streak ? this : new ReplicaView(endpoint, lastSyncAck, lastSyncId, session, next, wishes);
    }

    /** In sync, whatever failed before [E5], [E7]. */
    public ReplicaView keepsUp() {
        return withSession(Session.KEEP_UP).withStreak(FailureStreak.NONE);
    }

    /** Its session ended without its target [E8]. */
    public ReplicaView failed(FailureReason reason) {
        return withSession(session.failed(reason));
    }

    /** Whether this very request was granted before. */
    public boolean knowsWish(String eventId) {
        return wishes.contains(fingerprint(eventId));
    }

    public ReplicaView withWish(String eventId) {
        List<Long> next = new ArrayList<>(wishes);
        next.add(fingerprint(eventId));
        return new ReplicaView(
                endpoint,
                lastSyncAck,
                lastSyncId,
                session,
                streak,
                next.subList(Math.max(0, next.size() - WISHES), next.size()));
    }

    /** FNV-1a: an id may be of any length, what the state keeps of it must not be. */
    private static long fingerprint(String eventId) {
        long hash = 0xcbf29ce484222325L;
        for (int i = 0; i < eventId.length(); i++) {
            hash = (hash ^ eventId.charAt(i)) * 0x100000001b3L;
        }
        return hash;
    }

    public ReplicaView withEndpoint(ReplicaEndpoint next) {
        return next.equals(endpoint) ? this : new ReplicaView(next, lastSyncAck, lastSyncId, session, streak, wishes);
    }
}
