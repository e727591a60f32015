package io.keepup.engine.state;

import io.keepup.engine.word.Role;
import java.util.Objects;

/**
 * The engine's state for one node of a volume: its role and readiness and, on a primary, what it knows of each replica.
 *
 * @param walTail oldest LSN retained, as of the last sync
 * @param walHead newest LSN of the primary, as of the last sync
 * @param durableLsn all entries up to here are proven durable on enough copies [E9], [P2]
 * @param silent the watchdog misses this primary, and nothing of it was folded since
 * @param condition what the node reported of its own copy in this epoch [P9], [P10]
 */
public record View(
        String nodeId,
        long epoch,
        Role role,
        Readiness readiness,
        long walTail,
        long walHead,
        long durableLsn,
        ById<ReplicaView> replicas,
        boolean silent,
        NodeCondition condition)
        implements ById.Identified {

    public View {
        Objects.requireNonNull(nodeId, "nodeId");
        Objects.requireNonNull(role, "role");
        Objects.requireNonNull(readiness, "readiness");
        Objects.requireNonNull(replicas, "replicas");
        Objects.requireNonNull(condition, "condition");
    }

    /** A node that no assignment ever reached. */
    public static View unassigned(String nodeId) {
        return new View(nodeId, 0, Role.NONE, Readiness.NONE, 0, 0, 0, ById.empty(), false, NodeCondition.UNKNOWN);
    }

    @Override
    public String id() {
        return nodeId;
    }

    /** The WAL head if any sync of this epoch told it, else 0: a head of an earlier epoch says nothing of this one. */
    public long heardHead() {
        return lastSyncId() > 0 ? walHead : 0;
    }

    /** The newest sync folded in this epoch, of whatever replica; 0 before the first. */
    public long lastSyncId() {
        long newest = 0;
        for (int i = 0; i < replicas.size(); i++) {
            newest = Math.max(newest, replicas.at(i).lastSyncId());
        }
        return newest;
    }

    public View withReadiness(Readiness next) {
        return next == readiness
                ? this
                : new View(nodeId, epoch, role, next, walTail, walHead, durableLsn, replicas, silent, condition);
    }

    public View withDurableLsn(long lsn) {
        return lsn == durableLsn
                ? this
                : new View(nodeId, epoch, role, readiness, walTail, walHead, lsn, replicas, silent, condition);
    }

    public View withReplica(ReplicaView replica) {
        return withReplicas(replicas.with(replica));
    }

    public View withReplicas(ById<ReplicaView> next) {
        return next == replicas
                ? this
                : new View(nodeId, epoch, role, readiness, walTail, walHead, durableLsn, next, silent, condition);
    }

    public View withSilent(boolean now) {
        return now == silent
                ? this
                : new View(nodeId, epoch, role, readiness, walTail, walHead, durableLsn, replicas, now, condition);
    }

    public View withCondition(NodeCondition next) {
        return next == condition
                ? this
                : new View(nodeId, epoch, role, readiness, walTail, walHead, durableLsn, replicas, silent, next);
    }
}
