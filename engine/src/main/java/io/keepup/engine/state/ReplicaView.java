package io.keepup.engine.state;

import io.keepup.engine.message.ReplicaEndpoint;
import io.keepup.engine.message.SyncAck;
import io.keepup.engine.word.AckKind;
import io.keepup.engine.word.FailureReason;
import java.util.Objects;

/**
 * What a primary knows of one replica in its epoch.
 *
 * @param lastSyncAck the facts last heard; {@link SyncAck#NONE} before the first
 * @param lastSyncId highest sync folded, 0 before the first [G5]
 * @param streak of sessions that failed one after the other [P11]
 * @param requests the newest requests for a rebuild that were granted: one delivered again is not another one [Q2]
 */
public record ReplicaView(
        ReplicaEndpoint endpoint,
        SyncAck lastSyncAck,
        long lastSyncId,
        Session session,
        FailureStreak streak,
        RecentEvents requests)
        implements ById.Identified {

    public ReplicaView {
        Objects.requireNonNull(endpoint, "endpoint");
        Objects.requireNonNull(lastSyncAck, "lastSyncAck");
        Objects.requireNonNull(session, "session");
        Objects.requireNonNull(streak, "streak");
        Objects.requireNonNull(requests, "requests");
    }

    /** A replica just assigned: never heard, nothing decided [E1]. */
    public static ReplicaView assigned(ReplicaEndpoint endpoint) {
        return new ReplicaView(endpoint, SyncAck.NONE, 0, Session.NONE, FailureStreak.NONE, RecentEvents.NONE);
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
        return new ReplicaView(endpoint, ack, syncId, session, streak, requests);
    }

    public ReplicaView withSession(Session next) {
        return next == session ? this : new ReplicaView(endpoint, lastSyncAck, lastSyncId, next, streak, requests);
    }

    public ReplicaView withStreak(FailureStreak next) {
        return next == streak ? this : new ReplicaView(endpoint, lastSyncAck, lastSyncId, session, next, requests);
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
    public boolean granted(String eventId) {
        return requests.contains(eventId);
    }

    public ReplicaView withGranted(String eventId) {
        return new ReplicaView(endpoint, lastSyncAck, lastSyncId, session, streak, requests.with(eventId));
    }

    public ReplicaView withEndpoint(ReplicaEndpoint next) {
        return next.equals(endpoint) ? this : new ReplicaView(next, lastSyncAck, lastSyncId, session, streak, requests);
    }
}
