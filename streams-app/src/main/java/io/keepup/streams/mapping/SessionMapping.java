package io.keepup.streams.mapping;

import io.keepup.engine.Engine;
import io.keepup.engine.message.Meta;
import io.keepup.engine.state.ReplicaView;
import io.keepup.engine.state.Session;
import io.keepup.engine.state.View;
import io.keepup.engine.word.FailureReason;
import io.keepup.v1.SessionCompleted;
import io.keepup.v1.SessionFailed;
import io.keepup.v1.SessionOutcome;
import io.keepup.v1.SessionRecord;
import java.time.Instant;

/** Sessions from the engine to the ledger. */
public final class SessionMapping {

    private SessionMapping() {}

    /**
     * The record of a session that has just been issued.
     *
     * @param cause the event that led to it
     * @param source who decided: {@code engine/<policy>}
     * @param view of the primary that issued it
     * @param replica the replica with that session
     */
    public static SessionRecord issued(Meta cause, String source, View view, ReplicaView replica) {
        return record(cause, source, view, replica, SessionOutcome.live, null, 0, Took.UNTOLD, 0);
    }

    /** The record of a session that reached its target, with what the replica says it took. */
    public static SessionRecord completed(
            Meta cause, String source, View view, ReplicaView replica, SessionCompleted said, int blockSize) {
        Took took = new Took(
                said.getBaseBytes(), said.getWalBytes(), said.getZeroBytes(), said.getSkippedBlocks(), blockSize);
        return record(
                cause,
                source,
                view,
                replica,
                SessionOutcome.completed,
                null,
                said.getAchievedLsn(),
                took,
                said.getDurationMs());
    }

    /**
     * The record of a session that ended without its target.
     *
     * @param said by its own replica, with what it took until then; null when somebody else ended it, who cannot know that
     * @param durationMs as told by whoever measured it, 0 when nobody did
     */
    public static SessionRecord failed(
            Meta cause,
            String source,
            View view,
            ReplicaView replica,
            FailureReason reason,
            SessionFailed said,
            long durationMs,
            int blockSize) {
        Took took = said == null
                ? Took.UNTOLD
                : new Took(
                        said.getBaseBytes(),
                        said.getWalBytes(),
                        said.getZeroBytes(),
                        said.getSkippedBlocks(),
                        blockSize);
        return record(
                cause,
                source,
                view,
                replica,
                SessionOutcome.failed,
                WireWords.FAILURE.avro(reason),
                0,
                took,
                durationMs);
    }

    /** What a replica says that a session took; the size of a block, in bytes, is the volume's. */
    private record Took(long baseBytes, long walBytes, long zeroBytes, long skippedBlocks, int blockSize) {
        static final Took UNTOLD = new Took(0, 0, 0, 0, 0);
    }

    /** By the constructor: a builder would make up and copy the default of each field that is not set. */
    private static SessionRecord record(
            Meta cause,
            String source,
            View view,
            ReplicaView replica,
            SessionOutcome outcome,
            io.keepup.v1.FailureReason reason,
            long achievedLsn,
            Took took,
            long durationMs) {
        Session session = replica.session();
        boolean ended = outcome != SessionOutcome.live;
        Instant now = Instant.ofEpochMilli(cause.occurredAt());
        return new SessionRecord(
                new io.keepup.v1.Meta(
                        "session/" + cause.volumeId() + "/" + session.id() + (ended ? "/ended" : "/issued"),
                        cause.volumeId(),
                        view.nodeId(),
                        view.epoch(),
                        now,
                        source),
                replica.id(),
                session.id(),
                WireWords.KIND.avro(session.kind()),
                WireWords.CAUSE.avro(session.cause()),
                session.startLsn(),
                session.targetLsn(),
                achievedLsn,
                outcome,
                reason,
                session.issuedAt() == 0 ? null : Instant.ofEpochMilli(session.issuedAt()),
                ended ? now : null,
                session.bytes(),
                took.baseBytes,
                took.walBytes,
                took.zeroBytes,
                took.skippedBlocks,
                took.skippedBlocks * took.blockSize,
                Engine.VERSION,
                durationMs > 0 ? durationMs : null);
    }
}
