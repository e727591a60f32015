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
        return of(cause, source, view, replica, "issued")
                .setOutcome(SessionOutcome.live)
                .build();
    }

    /** The record of a session that reached its target, with what the replica says it took. */
    public static SessionRecord completed(
            Meta cause, String source, View view, ReplicaView replica, SessionCompleted said) {
        return ended(cause, source, view, replica)
                .setOutcome(SessionOutcome.completed)
                .setAchievedLsn(said.getAchievedLsn())
                .setBaseBytes(said.getBaseBytes())
                .setWalBytes(said.getWalBytes())
                .setZeroBytes(said.getZeroBytes())
                .setSkippedBlocks(said.getSkippedBlocks())
                .build();
    }

    /** The record of a session that ended without its target. */
    public static SessionRecord failed(
            Meta cause, String source, View view, ReplicaView replica, FailureReason reason) {
        return ended(cause, source, view, replica)
                .setOutcome(SessionOutcome.failed)
                .setReason(WireWords.FAILURE.avro(reason))
                .build();
    }

    private static SessionRecord.Builder ended(Meta cause, String source, View view, ReplicaView replica) {
        return of(cause, source, view, replica, "ended").setEnd(Instant.ofEpochMilli(cause.occurredAt()));
    }

    private static SessionRecord.Builder of(Meta cause, String source, View view, ReplicaView replica, String what) {
        Session session = replica.session();
        return SessionRecord.newBuilder()
                .setMeta(new io.keepup.v1.Meta(
                        "session/" + cause.volumeId() + "/" + session.id() + "/" + what,
                        cause.volumeId(),
                        view.nodeId(),
                        view.epoch(),
                        Instant.ofEpochMilli(cause.occurredAt()),
                        source))
                .setReplicaId(replica.id())
                .setSessionId(session.id())
                .setKind(WireWords.KIND.avro(session.kind()))
                .setCause(WireWords.CAUSE.avro(session.cause()))
                .setStartLsn(session.startLsn())
                .setTargetLsn(session.targetLsn())
                .setBegin(session.issuedAt() == 0 ? null : Instant.ofEpochMilli(session.issuedAt()))
                .setBytes(session.bytes())
                .setEngineVersion(Engine.VERSION);
    }
}
