package io.keepup.streams.fold;

import io.keepup.engine.message.Command;
import io.keepup.engine.message.Event;
import io.keepup.engine.state.ReplicaView;
import io.keepup.engine.state.Session;
import io.keepup.engine.state.View;
import io.keepup.engine.state.VolumeState;
import io.keepup.engine.word.FailureReason;
import io.keepup.streams.mapping.SessionMapping;
import io.keepup.v1.SessionCompleted;
import io.keepup.v1.SessionFailed;
import io.keepup.v1.SessionRecord;
import java.util.ArrayList;
import java.util.List;

/** The ledger of sessions: what an event began and ended, read off the state before and after it. */
final class Ledger {

    private final Ruling.Admitted ruling;
    private final String source;
    private final List<SessionRecord> entries = new ArrayList<>(0);

    private Ledger(Ruling.Admitted ruling, String source) {
        this.ruling = ruling;
        this.source = source;
    }

    /** Sessions that ended with an event, then those that were issued; none for almost all events. */
    static List<SessionRecord> of(Ruling.Admitted ruling, String source) {
        Ledger ledger = new Ledger(ruling, source);
        VolumeState before = ruling.before();
        VolumeState after = ruling.step().state();
        for (View view : before.views()) {
            if (after.views().get(view.nodeId()) == view) {
                continue; // an event changes one view, seldom two
            }
            for (ReplicaView replica : view.replicas()) {
                if (replica.session().live() && !lives(after, view, replica)) {
                    ledger.ended(view, replica, replicaOf(after, view, replica));
                }
            }
        }
        for (View view : after.views()) {
            if (before.views().get(view.nodeId()) == view) {
                continue;
            }
            for (ReplicaView replica : view.replicas()) {
                if (replica.session().live() && !lives(before, view, replica)) {
                    ledger.issued(view, replica);
                }
            }
        }
        return ledger.entries;
    }

    private static ReplicaView replicaOf(VolumeState state, View view, ReplicaView replica) {
        View same = state.views().get(view.nodeId());
        return same == null ? null : same.replicas().get(replica.id());
    }

    /** Whether the very session of a replica is live in that state, too. */
    private static boolean lives(VolumeState state, View view, ReplicaView replica) {
        ReplicaView same = replicaOf(state, view, replica);
        return same != null
                && same.session().live()
                && same.session().id() == replica.session().id();
    }

    private void issued(View view, ReplicaView replica) {
        entries.add(SessionMapping.issued(ruling.event().meta(), source, view, replica));
    }

    private void ended(View view, ReplicaView replica, ReplicaView after) {
        Session session = replica.session();
        int blockSize = ruling.before().blockSize();
        boolean completed = ruling.event() instanceof Event.SessionCompleted event && event.sessionId() == session.id();
        entries.add(
                completed
                        ? SessionMapping.completed(
                                ruling.event().meta(),
                                source,
                                view,
                                replica,
                                (SessionCompleted) ruling.said(),
                                blockSize)
                        : SessionMapping.failed(
                                ruling.event().meta(),
                                source,
                                view,
                                replica,
                                reason(session, after),
                                ownWords(replica),
                                measured(session),
                                blockSize));
    }

    /** How long the session took, by one clock: that of its replica or of the watchdog, whichever says that it failed; or 0. */
    private long measured(Session session) {
        return ruling.said() instanceof SessionFailed said && said.getSessionId() == session.id()
                ? said.getDurationMs()
                : 0;
    }

    /** What the replica itself says of the failure of this very session; null when somebody else ended it. */
    private SessionFailed ownWords(ReplicaView replica) {
        boolean own = ruling.event() instanceof Event.SessionFailed event
                && event.sessionId() == replica.session().id()
                && event.meta().saidByNode(replica.id());
        return own ? (SessionFailed) ruling.said() : null;
    }

    /** Said of the session itself, or with the command that ended it; the reference policy drops one without a word. */
    private FailureReason reason(Session session, ReplicaView after) {
        if (after != null && after.session().id() == session.id()) {
            return after.session().failure();
        }
        for (Command command : ruling.step().commands()) {
            if (command instanceof Command.CancelSession cancel && cancel.sessionId() == session.id()) {
                return cancel.reason();
            }
        }
        return FailureReason.SUPERSEDED;
    }
}
