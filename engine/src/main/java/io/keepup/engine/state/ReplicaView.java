package io.keepup.engine.state;

import io.keepup.engine.message.ReplicaEndpoint;
import io.keepup.engine.message.SyncAck;
import io.keepup.engine.word.AckKind;
import java.util.Objects;

/**
 * What a primary knows of one replica in its epoch.
 *
 * @param lastSyncAck the facts last heard; {@link SyncAck#NONE} before the first
 * @param lastSyncId highest sync folded, 0 before the first [G5]
 */
public record ReplicaView(ReplicaEndpoint endpoint, SyncAck lastSyncAck, long lastSyncId, Session session)
        implements ById.Identified {

    public ReplicaView {
        Objects.requireNonNull(endpoint, "endpoint");
        Objects.requireNonNull(lastSyncAck, "lastSyncAck");
        Objects.requireNonNull(session, "session");
    }

    /** A replica just assigned: never heard, nothing decided [E1]. */
    public static ReplicaView assigned(ReplicaEndpoint endpoint) {
        return new ReplicaView(endpoint, SyncAck.NONE, 0, Session.NONE);
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
        return new ReplicaView(endpoint, ack, syncId, session);
    }

    public ReplicaView withSession(Session next) {
        return next == session ? this : new ReplicaView(endpoint, lastSyncAck, lastSyncId, next);
    }

    public ReplicaView withEndpoint(ReplicaEndpoint next) {
        return next.equals(endpoint) ? this : new ReplicaView(next, lastSyncAck, lastSyncId, session);
    }
}
