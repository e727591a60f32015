package io.keepup.engine;

import io.keepup.engine.message.Event.SyncAckReceived;
import io.keepup.engine.message.SyncAck;
import io.keepup.engine.state.Session;
import io.keepup.engine.word.SessionCause;
import io.keepup.engine.word.SessionKind;

/**
 * Keep-up, catch-up or rebuild, and why; pure arithmetic over one ack's facts [E4], [P3]-[P6], [P8].
 *
 * @param kind {@code NONE}: no session fits these facts
 */
record Decision(SessionKind kind, SessionCause cause) {

    static final Decision KEEP_UP = new Decision(SessionKind.KEEPUP, SessionCause.NONE);

    /** The replica is not in sync, and no session can be issued yet. */
    static final Decision NO_SESSION = new Decision(SessionKind.NONE, SessionCause.NONE);

    private static final Decision CATCH_UP = new Decision(SessionKind.CATCHUP, SessionCause.BEHIND);
    private static final Decision CATCH_UP_FROM_NOTHING = new Decision(SessionKind.CATCHUP, SessionCause.EMPTY);

    /** [E4] to the letter. */
    static Decision reference(SyncAckReceived event) {
        long position = event.ack().position();
        if (position > 0 && position >= event.primaryWalHead()) {
            return KEEP_UP;
        }
        if (position > 0 && position >= event.primaryWalTail()) {
            return CATCH_UP;
        }
        if (position == 0 && event.primaryWalTail() <= 1) {
            return CATCH_UP_FROM_NOTHING;
        }
        return rebuild(position == 0 ? SessionCause.EMPTY : SessionCause.BEHIND_WAL_TAIL);
    }

    /** [E4] as changed by the safe policy; {@code last} is the replica's session, which is not live. */
    static Decision safe(SyncAckReceived event, Session last) {
        SessionCause damage = damage(event);
        boolean unfinished = last.kind() == SessionKind.REBUILD;
        if (unfinished) { // [P3] the cause stays, unless these facts show that the local data is worthless
            return rebuildOnto(event, damage.discardsLocalData() ? damage : last.cause());
        }
        if (damage != SessionCause.NONE) { // [P4], [P5]
            return rebuildOnto(event, damage);
        }
        long position = event.ack().position();
        if (position >= event.primaryWalHead()) { // [E4], [P6]: 0 of 0 is in sync as well
            return KEEP_UP;
        }
        if (position >= event.primaryWalTail() - 1) { // [P8]
            return position > 0 ? CATCH_UP : CATCH_UP_FROM_NOTHING;
        }
        return rebuildOnto(event, position == 0 ? SessionCause.EMPTY : SessionCause.BEHIND_WAL_TAIL);
    }

    /** [Q1] A rebuild because somebody wishes it, on top of what made one necessary before. */
    static Decision wished(Session last) {
        boolean worthless =
                last.kind() == SessionKind.REBUILD && last.cause().discardsLocalData(); // [P3] else [R5] refuses it
        return rebuild(worthless ? last.cause() : SessionCause.OPERATOR_REQUEST);
    }

    /** What makes the replica's own data useless as a start; {@code NONE} when nothing does. */
    private static SessionCause damage(SyncAckReceived event) {
        SyncAck ack = event.ack();
        if (ack.reason().localCorruption()) { // [P4]
            return SessionCause.LOCAL_CORRUPT;
        }
        if (!ack.recoverable()) { // [P4]
            return SessionCause.REBUILD_UNFINISHED;
        }
        return diverged(event) ? SessionCause.DIVERGED : SessionCause.NONE;
    }

    /**
     * [P5] Where both know the epoch of the entry at that LSN, it settles the matter: one epoch has one primary, so the
     * same epoch there means the same entry, and a replica past the head "as of that sync" has merely gone on since.
     * [A8] Unknown against known is divergence, where a session could follow: the primary knows no epoch below its tail.
     */
    private static boolean diverged(SyncAckReceived event) {
        long theirs = event.ack().appliedEpoch();
        long ours = event.primaryEpochAtApplied();
        if (theirs != 0 && ours != 0) {
            return theirs != ours;
        }
        long position = event.ack().position();
        return position > event.primaryWalHead() || theirs != ours && position >= event.primaryWalTail() - 1;
    }

    private static Decision rebuild(SessionCause cause) {
        return new Decision(SessionKind.REBUILD, cause);
    }

    /** A rebuild needs a target: with nothing written yet there is none, and a replica refuses target 0 [R5]. */
    private static Decision rebuildOnto(SyncAckReceived event, SessionCause cause) {
        return event.primaryWalHead() > 0 ? rebuild(cause) : NO_SESSION;
    }
}
