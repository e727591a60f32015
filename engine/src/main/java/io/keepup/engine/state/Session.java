package io.keepup.engine.state;

import io.keepup.engine.message.Event.SessionProgress;
import io.keepup.engine.message.Pace;
import io.keepup.engine.word.FailureReason;
import io.keepup.engine.word.SessionCause;
import io.keepup.engine.word.SessionKind;
import io.keepup.engine.word.SessionState;
import java.util.Objects;

/**
 * What the primary decided for one replica, and how far it got. LSNs count entries, 0 for none.
 *
 * @param id rises with every session of the volume; 0 when there is none
 * @param startLsn exclusive
 * @param pinLsn what the WAL was pinned at when the session was issued [N1]
 * @param progress durable LSN last reported [N2]
 * @param bytes received on both lanes
 * @param failure why it failed, {@code NONE} while it has not
 * @param reports number of its reports that something moved, or that it has to wait; for whoever watches for stalls [C4]
 * @param steps of these, the number that brought it nearer to its end, or that it has to wait; for whoever watches its budget [C4]
 * @param issuedAt ms: when it was issued, by the clock of the deciding event, for people; 0 when there is none, or none was kept
 * @param pace as last reported
 */
public record Session(
        long id,
        SessionKind kind,
        SessionState state,
        SessionCause cause,
        long startLsn,
        long targetLsn,
        long pinLsn,
        long progress,
        long walAppliedLsn,
        long baseBlocksDone,
        long baseBlocksTotal,
        long bytes,
        FailureReason failure,
        long reports,
        long steps,
        long issuedAt,
        Pace pace) {

    /** Nothing decided yet. */
    public static final Session NONE = idle(SessionKind.NONE, SessionCause.NONE);

    /** In keep-up: the live lane is enough [E5], [E7]. */
    public static final Session KEEP_UP = idle(SessionKind.KEEPUP, SessionCause.NONE);

    public Session {
        Objects.requireNonNull(kind, "kind");
        Objects.requireNonNull(state, "state");
        Objects.requireNonNull(cause, "cause");
        Objects.requireNonNull(failure, "failure");
        Objects.requireNonNull(pace, "pace");
    }

    private static Session idle(SessionKind kind, SessionCause cause) {
        return new Session(
                0, kind, SessionState.IDLE, cause, 0, 0, 0, 0, 0, 0, 0, 0, FailureReason.NONE, 0, 0, 0, Pace.NONE);
    }

    /** A session just issued [E5]; a rebuild has no start and no pin of the engine's making. */
    public static Session issued(
            long id, SessionKind kind, SessionCause cause, long startLsn, long targetLsn, long now) {
        return new Session(
                id,
                kind,
                SessionState.ISSUED,
                cause,
                startLsn,
                targetLsn,
                startLsn,
                0,
                0,
                0,
                0,
                0,
                FailureReason.NONE,
                0,
                0,
                now,
                Pace.NONE);
    }

    /** A rebuild that is due and has no session yet: there was nothing to rebuild to [P3]. */
    public static Session rebuildDue(SessionCause cause) {
        return idle(SessionKind.REBUILD, cause);
    }

    /** Issued or running: no new decision until it ends [E3]. */
    public boolean live() {
        return state == SessionState.ISSUED || state == SessionState.RUNNING;
    }

    /** In sync as far as decisions go. */
    public boolean inKeepUp() {
        return kind == SessionKind.KEEPUP && state == SessionState.IDLE;
    }

    /** What a page shows as the session's reason: the failure, or why a rebuild goes on. */
    public String reason() {
        if (state == SessionState.FAILED) {
            return failure.word();
        }
        return kind == SessionKind.REBUILD ? cause.rebuildReason() : "";
    }

    /** Issued becomes running, progress is stored [E6]. */
    public Session running(SessionProgress report) {
        boolean nearer = report.progress() != progress
                || report.walAppliedLsn() != walAppliedLsn
                || report.baseBlocksDone() != baseBlocksDone
                || report.pace().waiting();
        boolean moved = nearer || report.bytes() != bytes;
        SessionState next = state == SessionState.ISSUED ? SessionState.RUNNING : state;
        boolean same =
                report.baseBlocksTotal() == baseBlocksTotal && report.pace().equals(pace);
        if (!moved && state == next && same) {
            return this;
        }
        return new Session(
                id,
                kind,
                next,
                cause,
                startLsn,
                targetLsn,
                pinLsn,
                report.progress(),
                report.walAppliedLsn(),
                report.baseBlocksDone(),
                report.baseBlocksTotal(),
                report.bytes(),
                failure,
                moved ? reports + 1 : reports,
                nearer ? steps + 1 : steps,
                issuedAt,
                report.pace());
    }

    /** State failed, reason stored, all else kept [E8]. */
    public Session failed(FailureReason reason) {
        return new Session(
                id,
                kind,
                SessionState.FAILED,
                cause,
                startLsn,
                targetLsn,
                pinLsn,
                progress,
                walAppliedLsn,
                baseBlocksDone,
                baseBlocksTotal,
                bytes,
                reason,
                reports,
                steps,
                issuedAt,
                pace);
    }
}
