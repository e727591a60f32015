package io.keepup.engine.message;

import io.keepup.engine.word.AckKind;
import io.keepup.engine.word.FailureReason;
import java.util.Objects;

/**
 * A replica's position, in its own words.
 *
 * @param durableLsn applied and fsynced
 * @param appliedLsn in the local WAL, replayable after a restart
 * @param receivedLsn highest LSN that reached the replica
 * @param walTail oldest LSN in the replica's own WAL
 * @param recoverable false while a rebuild is unfinished or the volume is damaged [R6]
 * @param reason why it is not recoverable
 * @param ackKind how the replica was heard; anything but {@code quorum} carries no facts to decide from
 * @param sessionActive the replica was inside a session when it answered
 * @param sessionId that session, 0 for none
 * @param appliedEpoch epoch of the entry at appliedLsn, 0 when not known [P5]
 */
public record SyncAck(
        long durableLsn,
        long appliedLsn,
        long receivedLsn,
        long walTail,
        boolean recoverable,
        FailureReason reason,
        AckKind ackKind,
        boolean sessionActive,
        long sessionId,
        long appliedEpoch) {

    /** A replica that was never heard in this epoch: no position, and no answer. */
    public static final SyncAck NONE =
            new SyncAck(0, 0, 0, 0, false, FailureReason.NONE, AckKind.TIMED_OUT, false, 0, 0);

    public SyncAck {
        Objects.requireNonNull(reason, "reason");
        Objects.requireNonNull(ackKind, "ackKind");
    }

    /** What a completed session proves of the replica, in its own words; older facts speak of other data [R3]. */
    public SyncAck completed(long completedDurableLsn, long achievedLsn) {
        return new SyncAck(
                completedDurableLsn,
                achievedLsn,
                achievedLsn,
                walTail,
                true,
                FailureReason.NONE,
                AckKind.QUORUM,
                false,
                0,
                0);
    }

    /** Position a decision is made from: applied, or durable when applied is 0 [E4]. */
    public long position() {
        return appliedLsn == 0 ? durableLsn : appliedLsn;
    }

    /** The same facts, last heard in another way. */
    public SyncAck withKind(AckKind kind) {
        return kind == ackKind
                ? this
                : new SyncAck(
                        durableLsn,
                        appliedLsn,
                        receivedLsn,
                        walTail,
                        recoverable,
                        reason,
                        kind,
                        sessionActive,
                        sessionId,
                        appliedEpoch);
    }
}
