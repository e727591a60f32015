package io.keepup.cli.rig;

import io.keepup.v1.DecisionFacts;
import io.keepup.v1.IssueCatchUp;
import io.keepup.v1.IssueRebuild;
import io.keepup.v1.SessionCause;
import io.keepup.v1.SessionCompleted;
import io.keepup.v1.SessionFailed;
import io.keepup.v1.SessionKind;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.apache.avro.specific.SpecificRecord;

/** The sessions of a volume, put together from the commands that issued them and the events that ended them. */
public final class SessionLog {

    /**
     * One session.
     *
     * @param outcome null while it runs, then {@code completed} or the failure's reason
     */
    public record Session(
            long id,
            String replica,
            SessionKind kind,
            SessionCause cause,
            DecisionFacts facts,
            long targetLsn,
            String outcome,
            long durationMs,
            long baseBytes,
            long walBytes,
            long zeroBytes,
            long skippedBlocks) {

        public boolean completed() {
            return "completed".equals(outcome);
        }

        public double seconds() {
            return durationMs / 1000.0;
        }

        /** The decision with the facts it was made from. */
        public String why() {
            return switch (cause) {
                case behind ->
                    String.format(
                            Locale.ROOT, "applied %,d < head %,d", facts.getReplicaLsn(), facts.getPrimaryWalHead());
                case behind_wal_tail ->
                    String.format(
                            Locale.ROOT, "applied %,d < tail %,d", facts.getReplicaLsn(), facts.getPrimaryWalTail());
                case empty -> String.format(Locale.ROOT, "empty, head %,d", facts.getPrimaryWalHead());
                default -> cause.toString();
            };
        }
    }

    private final List<Session> sessions = new ArrayList<>();

    List<Session> all() {
        return List.copyOf(sessions);
    }

    /** Takes any record of the session commands or events topics; others change nothing. */
    void take(SpecificRecord record) {
        switch (record) {
            case IssueCatchUp c ->
                begin(
                        c.getSessionId(),
                        c.getReplicaId(),
                        SessionKind.catchup,
                        c.getCause(),
                        c.getFacts(),
                        c.getTargetLsn());
            case IssueRebuild c ->
                begin(
                        c.getSessionId(),
                        c.getReplicaId(),
                        SessionKind.rebuild,
                        c.getCause(),
                        c.getFacts(),
                        c.getTargetLsn());
            case SessionCompleted e ->
                end(
                        e.getSessionId(),
                        "completed",
                        e.getDurationMs(),
                        e.getBaseBytes(),
                        e.getWalBytes(),
                        e.getZeroBytes(),
                        e.getSkippedBlocks());
            case SessionFailed e ->
                end(
                        e.getSessionId(),
                        e.getReason().toString(),
                        e.getDurationMs(),
                        e.getBaseBytes(),
                        e.getWalBytes(),
                        e.getZeroBytes(),
                        e.getSkippedBlocks());
            default -> {
                // says nothing about the begin or end of a session
            }
        }
    }

    /** A session command goes to every node with a part in the session, so it is seen more than once. */
    private void begin(
            long id, String replica, SessionKind kind, SessionCause cause, DecisionFacts facts, long targetLsn) {
        if (sessions.stream().noneMatch(s -> s.id() == id)) {
            sessions.add(new Session(id, replica, kind, cause, facts, targetLsn, null, 0, 0, 0, 0, 0));
        }
    }

    private void end(long id, String outcome, long durationMs, long base, long wal, long zero, long skipped) {
        sessions.replaceAll(s -> s.id() != id || s.outcome() != null
                ? s
                : new Session(
                        s.id(),
                        s.replica(),
                        s.kind(),
                        s.cause(),
                        s.facts(),
                        s.targetLsn(),
                        outcome,
                        durationMs,
                        base,
                        wal,
                        zero,
                        skipped));
    }
}
