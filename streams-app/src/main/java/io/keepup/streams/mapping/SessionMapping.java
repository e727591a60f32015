package io.keepup.streams.mapping;

import io.keepup.engine.Engine;
import io.keepup.engine.message.Meta;
import io.keepup.engine.state.ReplicaView;
import io.keepup.engine.state.Session;
import io.keepup.engine.state.View;
import io.keepup.engine.word.FailureReason;
import io.keepup.v1.SessionCompleted;
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
        return record(cause, source, view, replica, SessionOutcome.live, null, null);
    }

    /** The record of a session that reached its target, with what the replica says it took. */
    public static SessionRecord completed(
            Meta cause, String source, View view, ReplicaView replica, SessionCompleted said) {
        return record(cause, source, view, replica, SessionOutcome.completed, null, said);
    }

    /** The record of a session that ended without its target. */
    public static SessionRecord failed(
            Meta cause, String source, View view, ReplicaView replica, FailureReason reason) {
        return record(cause, source, view, replica, SessionOutcome.failed, WireWords.FAILURE.avro(reason), null);
    }

    /**
     * By the constructor: a builder would make up and copy the default of each field that is not set.
     *
     * @param said null unless it was completed
     */
    private static SessionRecord record(
            Meta cause,
            String source,
            View view,
            ReplicaView replica,
            SessionOutcome outcome,
            io.keepup.v1.FailureReason reason,
            SessionCompleted said) {
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
                said == null ? 0 : said.getAchievedLsn(),
                outcome,
                reason,
                session.issuedAt() == 0 ? null : Instant.ofEpochMilli(session.issuedAt()),
                ended ? now : null,
                session.bytes(),
                said == null ? 0 : said.getBaseBytes(),
                said == null ? 0 : said.getWalBytes(),
                said == null ? 0 : said.getZeroBytes(),
                said == null ? 0 : said.getSkippedBlocks(),
                Engine.VERSION);
    }
}
