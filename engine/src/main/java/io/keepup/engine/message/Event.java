package io.keepup.engine.message;

import io.keepup.engine.word.FailureReason;
import io.keepup.engine.word.NodeFault;
import io.keepup.engine.word.Role;
import io.keepup.engine.word.SessionKind;
import io.keepup.engine.word.SessionPhase;
import java.util.List;
import java.util.Objects;

/**
 * What feeds the fold: the seven facts, what operators wish, and what the watchdog misses. LSNs count entries, sizes are in bytes unless said
 * otherwise.
 */
public sealed interface Event {

    Meta meta();

    /** What anybody reports under an assignment; only a view that was assigned can fold it [G2]. */
    sealed interface Report extends Event {}

    /** A fact about one replica of the volume, folded by the primary's view. */
    sealed interface OfReplica extends Report {
        String replicaId();
    }

    /** A fact about one session; it must match the live session exactly [G4]. */
    sealed interface OfSession extends OfReplica {
        long sessionId();

        SessionKind kind();
    }

    /**
     * The master says who holds a volume, in which role, from which epoch on [E1].
     *
     * @param replicas the other members, seen from {@code meta.nodeId}
     * @param sizeBytes 0 keeps what the volume has, or takes 1 GiB for a new one; a proposal until a primary reports its own [P10]
     * @param blockSize bytes; 0 keeps what the volume has, or takes 4096 for a new one; a proposal as well
     */
    record AssignmentDelivered(Meta meta, Role role, List<ReplicaEndpoint> replicas, long sizeBytes, int blockSize)
            implements Event {
        public AssignmentDelivered {
            Objects.requireNonNull(meta, "meta");
            Objects.requireNonNull(role, "role");
            replicas = List.copyOf(replicas);
        }
    }

    /**
     * A node reports which gates it has passed, what it cannot do, and its copy's size; null and 0 mean unchanged [E2].
     *
     * @param fault {@code NONE} takes back what was reported before [P9]
     * @param detail one sentence on the fault, for people
     * @param sizeBytes bytes that its copy has, whatever the assignment asked for [P10]
     * @param blockSize bytes of a block of its copy
     */
    record ReadinessObserved(
            Meta meta,
            Boolean roleApplied,
            Boolean receiverReady,
            Boolean shipperConfigured,
            Boolean shipperConnected,
            NodeFault fault,
            String detail,
            long sizeBytes,
            int blockSize)
            implements Report {
        public ReadinessObserved {
            Objects.requireNonNull(meta, "meta");
            Objects.requireNonNull(detail, "detail");
        }

        /** Gates alone. */
        public ReadinessObserved(
                Meta meta,
                Boolean roleApplied,
                Boolean receiverReady,
                Boolean shipperConfigured,
                Boolean shipperConnected) {
            this(meta, roleApplied, receiverReady, shipperConfigured, shipperConnected, null, "", 0, 0);
        }
    }

    /**
     * The primary relays a replica's answer together with its own WAL bounds as of that sync [E3].
     *
     * @param syncId strictly rising per replica and epoch [G5]
     * @param primaryEpochAtApplied epoch of the primary's entry at the replica's appliedLsn, 0 when not known [P5]
     * @param primaryUptimeMs how long the primary's process runs, by a clock that nobody sets; 0 when it does not tell [P11]
     */
    record SyncAckReceived(
            Meta meta,
            String replicaId,
            long syncId,
            SyncAck ack,
            long primaryWalTail,
            long primaryWalHead,
            long primaryEpochAtApplied,
            long primaryUptimeMs)
            implements OfReplica {
        public SyncAckReceived {
            Objects.requireNonNull(meta, "meta");
            Objects.requireNonNull(replicaId, "replicaId");
            Objects.requireNonNull(ack, "ack");
        }

        /** Of a primary that does not tell its uptime. */
        public SyncAckReceived(
                Meta meta,
                String replicaId,
                long syncId,
                SyncAck ack,
                long primaryWalTail,
                long primaryWalHead,
                long primaryEpochAtApplied) {
            this(meta, replicaId, syncId, ack, primaryWalTail, primaryWalHead, primaryEpochAtApplied, 0);
        }
    }

    /**
     * How a session goes [E6].
     *
     * @param progress durable LSN reached in this session [N2]
     * @param bytes received on both lanes
     * @param pace {@link Pace#NONE} from a replica that does not tell it
     */
    record SessionProgress(
            Meta meta,
            String replicaId,
            long sessionId,
            SessionKind kind,
            SessionPhase phase,
            long progress,
            long walAppliedLsn,
            long baseBlocksDone,
            long baseBlocksTotal,
            long bytes,
            Pace pace)
            implements OfSession {
        public SessionProgress {
            Objects.requireNonNull(meta, "meta");
            Objects.requireNonNull(replicaId, "replicaId");
            Objects.requireNonNull(kind, "kind");
            Objects.requireNonNull(phase, "phase");
            Objects.requireNonNull(pace, "pace");
        }

        /** Without a pace. */
        public SessionProgress(
                Meta meta,
                String replicaId,
                long sessionId,
                SessionKind kind,
                SessionPhase phase,
                long progress,
                long walAppliedLsn,
                long baseBlocksDone,
                long baseBlocksTotal,
                long bytes) {
            this(
                    meta,
                    replicaId,
                    sessionId,
                    kind,
                    phase,
                    progress,
                    walAppliedLsn,
                    baseBlocksDone,
                    baseBlocksTotal,
                    bytes,
                    Pace.NONE);
        }
    }

    /** A session reached its target, proven by the replica [E7], [R2]. */
    record SessionCompleted(
            Meta meta,
            String replicaId,
            long sessionId,
            SessionKind kind,
            long durableLsn,
            long achievedLsn,
            boolean baseComplete)
            implements OfSession {
        public SessionCompleted {
            Objects.requireNonNull(meta, "meta");
            Objects.requireNonNull(replicaId, "replicaId");
            Objects.requireNonNull(kind, "kind");
        }
    }

    /**
     * A session ended without its target [E8].
     *
     * @param seen what the watchdog had seen of it: the number of its steps when it is past its budget, of its reports when
     *     it has stalled; a session that has more is none of these [A12]. {@link #KNOWN}: it was not the watchdog that said this
     */
    record SessionFailed(Meta meta, String replicaId, long sessionId, SessionKind kind, FailureReason reason, long seen)
            implements OfSession {
        /** Said by somebody who knows, not by one who misses something. */
        public static final long KNOWN = -1;

        public SessionFailed(Meta meta, String replicaId, long sessionId, SessionKind kind, FailureReason reason) {
            this(meta, replicaId, sessionId, kind, reason, KNOWN);
        }

        public SessionFailed {
            Objects.requireNonNull(meta, "meta");
            Objects.requireNonNull(replicaId, "replicaId");
            Objects.requireNonNull(kind, "kind");
            Objects.requireNonNull(reason, "reason");
        }
    }

    /** An operator wants a replica rebuilt, wherever it stands; why is for people, on the log [Q1]. */
    record RebuildRequested(Meta meta, String replicaId) implements OfReplica {
        public RebuildRequested {
            Objects.requireNonNull(meta, "meta");
            Objects.requireNonNull(replicaId, "replicaId");
        }
    }

    /** An operator wants a live session ended; why is for people, on the log [Q3], [P7]. */
    record CancelRequested(Meta meta, String replicaId, long sessionId) implements OfReplica {
        public CancelRequested {
            Objects.requireNonNull(meta, "meta");
            Objects.requireNonNull(replicaId, "replicaId");
        }
    }

    /**
     * The watchdog has not heard the primary for too long. Told of the primary's own view, which takes it back when the
     * primary says anything at all.
     *
     * @param syncId the newest sync of that view that was folded: a newer one shows that this is no longer so [G5]
     */
    record PrimarySilent(Meta meta, long syncId) implements Report {
        public PrimarySilent {
            Objects.requireNonNull(meta, "meta");
        }
    }

    /** The newest record of the volume on the projections topic is not the one that the fold published last [Q5]. */
    record ProjectionOverwritten(Meta meta) implements Report {
        public ProjectionOverwritten {
            Objects.requireNonNull(meta, "meta");
        }
    }

    /** The primary proved that all up to durableLsn is durable on enough copies [E9], [P2]. */
    record BarrierConfirmed(Meta meta, long durableLsn) implements Report {
        public BarrierConfirmed {
            Objects.requireNonNull(meta, "meta");
        }
    }
}
