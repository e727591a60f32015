package io.keepup.engine.message;

import io.keepup.engine.word.FailureReason;
import io.keepup.engine.word.Role;
import io.keepup.engine.word.SessionCause;
import java.util.List;

/**
 * What the engine wants done, as data; somebody else sends it. It carries facts and causes, never prose, and no deadlines:
 * how long something may take is for whoever waits for it [A11].
 */
public sealed interface Command {

    Origin origin();

    /** Same for the same state and event, on every machine and in every replay. */
    default String commandId() {
        return origin().commandId();
    }

    /** Every node with a part in it, whoever carries it out first. */
    default List<String> targets() {
        return switch (this) {
            case ApplyRole c -> List.of(c.origin.nodeId());
            case ConfigureShipper c -> List.of(c.origin.nodeId());
            case StartReceiver c -> List.of(c.origin.nodeId());
            case OfSession c -> List.of(c.replicaId(), c.origin().nodeId());
        };
    }

    /** The replica executes it, the primary pins and serves (or lets go). */
    sealed interface OfSession extends Command {
        String replicaId();

        long sessionId();
    }

    /** Sizes in bytes. */
    record ApplyRole(Origin origin, Role role, long sizeBytes, int blockSize) implements Command {}

    record ConfigureShipper(Origin origin, List<ReplicaEndpoint> replicas) implements Command {}

    record StartReceiver(Origin origin) implements Command {}

    /** WAL entries from startLsn (exclusive) to targetLsn; pinLsn holds the WAL meanwhile [C1], [N1]. */
    record IssueCatchUp(
            Origin origin,
            String replicaId,
            long sessionId,
            long startLsn,
            long targetLsn,
            long pinLsn,
            SessionCause cause,
            DecisionFacts facts)
            implements OfSession {}

    /** The whole base and the WAL beside it, at least to targetLsn [R2]. */
    record IssueRebuild(
            Origin origin, String replicaId, long sessionId, long targetLsn, SessionCause cause, DecisionFacts facts)
            implements OfSession {}

    /** The session is over for everybody; its pin is released [P7], [G3]. */
    record CancelSession(Origin origin, String replicaId, long sessionId, FailureReason reason) implements OfSession {}
}
