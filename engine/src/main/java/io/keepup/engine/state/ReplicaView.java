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
 * @param lastWishAt ms: when the newest wish for a rebuild was said, by the clock of whoever said it, 0 before the first;
 *     a wish delivered again is not newer, however long ago the first was granted [G5]
 */
public record ReplicaView(
        ReplicaEndpoint endpoint, SyncAck lastSyncAck, long lastSyncId, Session session, long lastWishAt)
        implements ById.Identified {

    public ReplicaView {
        Objects.requireNonNull(endpoint, "endpoint");
        Objects.requireNonNull(lastSyncAck, "lastSyncAck");
        Objects.requireNonNull(session, "session");
    }

    /** A replica just assigned: never heard, nothing decided [E1]. */
    public static ReplicaView assigned(ReplicaEndpoint endpoint) {
        return new ReplicaView(endpoint, SyncAck.NONE, 0, Session.NONE, 0);
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
        return new ReplicaView(endpoint, ack, syncId, session, lastWishAt);
    }

    public ReplicaView withSession(Session next) {
        return next == session ? this : new ReplicaView(endpoint, lastSyncAck, lastSyncId, next, lastWishAt);
    }

    /** Its session ended without its target [E8]. */
    public ReplicaView failed(FailureReason reason) {
        return withSession(session.failed(reason));
    }

    public ReplicaView withWishAt(long saidAt) {
        return new ReplicaView(endpoint, lastSyncAck, lastSyncId, session, saidAt);
    }

    public ReplicaView withEndpoint(ReplicaEndpoint next) {
        return next.equals(endpoint) ? this : new ReplicaView(next, lastSyncAck, lastSyncId, session, lastWishAt);
    }
}
