package io.keepup.engine.state;

import io.keepup.engine.word.Role;
import java.util.Objects;

/**
 * The engine's state for one node of a volume: its role and readiness and, on a primary, what it knows of each replica.
 *
 * @param walTail oldest LSN retained, as of the last sync
 * @param walHead newest LSN of the primary, as of the last sync
 * @param durableLsn all entries up to here are proven durable on enough copies [E9], [P2]
 */
public record View(
        String nodeId,
        long epoch,
        Role role,
        Readiness readiness,
        long walTail,
        long walHead,
        long durableLsn,
        ById<ReplicaView> replicas)
        implements ById.Identified {

    public View {
        Objects.requireNonNull(nodeId, "nodeId");
        Objects.requireNonNull(role, "role");
        Objects.requireNonNull(readiness, "readiness");
        Objects.requireNonNull(replicas, "replicas");
    }

    /** A node that no assignment ever reached. */
    public static View unassigned(String nodeId) {
        return new View(nodeId, 0, Role.NONE, Readiness.NONE, 0, 0, 0, ById.empty());
    }

    @Override
    public String id() {
        return nodeId;
    }

    /** The WAL head if any sync of this epoch told it, else 0: a head of an earlier epoch says nothing of this one. */
    public long heardHead() {
        for (int i = 0; i < replicas.size(); i++) {
            if (replicas.at(i).lastSyncId() > 0) {
                return walHead;
            }
        }
        return 0;
    }

    public View withReadiness(Readiness next) {
        return next == readiness ? this : new View(nodeId, epoch, role, next, walTail, walHead, durableLsn, replicas);
    }

    public View withDurableLsn(long lsn) {
        return lsn == durableLsn ? this : new View(nodeId, epoch, role, readiness, walTail, walHead, lsn, replicas);
    }

    public View withReplica(ReplicaView replica) {
        return withReplicas(replicas.with(replica));
    }

    public View withReplicas(ById<ReplicaView> next) {
        return next == replicas ? this : new View(nodeId, epoch, role, readiness, walTail, walHead, durableLsn, next);
    }
}
