package io.keepup.cli.audit;

import io.keepup.engine.message.Command;
import io.keepup.engine.message.DecisionFacts;
import io.keepup.engine.message.Event;
import io.keepup.engine.state.ById;
import io.keepup.engine.state.ReplicaView;
import io.keepup.engine.state.View;
import io.keepup.engine.word.FailureReason;
import io.keepup.engine.word.SessionCause;
import io.keepup.streams.fold.Ruling;
import io.keepup.v1.RebuildRequested;
import java.util.List;
import java.util.Locale;

/** The decision an event led to, with the facts it was made from [E4], [P3]-[P8]. */
final class Reason {

    private Reason() {}

    /** Such as {@code applied 1,200 < tail 4,096 -> rebuild}; empty when nothing was decided. */
    static String of(Ruling.Admitted ruling) {
        for (Command command : ruling.step().commands()) {
            if (command instanceof Command.IssueCatchUp issue) {
                return "%s -> catch-up".formatted(catchUp(issue));
            }
            if (command instanceof Command.IssueRebuild issue) {
                return "%s -> rebuild".formatted(rebuild(ruling, issue));
            }
        }
        return ruling.event() instanceof Event.SyncAckReceived ack ? keepUp(ruling, ack) : "";
    }

    private static String catchUp(Command.IssueCatchUp issue) {
        DecisionFacts facts = issue.facts();
        return issue.cause() == SessionCause.EMPTY
                ? say(
                        "nothing applied, the WAL is whole from %,d to %,d",
                        facts.primaryWalTail(), facts.primaryWalHead())
                : say(
                        "applied %,d < head %,d, what it misses is kept from %,d on",
                        facts.replicaLsn(), facts.primaryWalHead(), facts.primaryWalTail());
    }

    private static String rebuild(Ruling.Admitted ruling, Command.IssueRebuild issue) {
        DecisionFacts facts = issue.facts();
        return switch (issue.cause()) {
            case BEHIND_WAL_TAIL ->
                facts.replicaLsn() < facts.primaryWalTail()
                        ? say("applied %,d < tail %,d", facts.replicaLsn(), facts.primaryWalTail())
                        : "the rebuild before was not completed (applied < tail then)";
            case EMPTY -> say("nothing applied, tail %,d", facts.primaryWalTail());
            case LOCAL_CORRUPT -> issue.replicaId() + " says that its data is damaged";
            case DIVERGED -> diverged(ruling.event(), facts);
            case REBUILD_UNFINISHED -> "a rebuild begun before was not completed";
            case OPERATOR_REQUEST -> wish(ruling);
            case NONE, BEHIND -> issue.cause().word();
        };
    }

    private static String diverged(Event event, DecisionFacts facts) {
        if (event instanceof Event.SyncAckReceived ack
                && ack.ack().appliedEpoch() != 0
                && ack.primaryEpochAtApplied() != 0) {
            return say(
                    "diverged: entry %,d is of epoch %d there, of %d here",
                    facts.replicaLsn(), ack.ack().appliedEpoch(), ack.primaryEpochAtApplied());
        }
        return say("diverged: applied %,d > head %,d", facts.replicaLsn(), facts.primaryWalHead());
    }

    private static String wish(Ruling.Admitted ruling) {
        return ruling.said() instanceof RebuildRequested wish
                ? "%s wishes it: %s".formatted(wish.getMeta().getSource(), wish.getWhy())
                : "an operator wished it before";
    }

    private static String keepUp(Ruling.Admitted ruling, Event.SyncAckReceived ack) {
        ReplicaView before = replica(ruling.before().views().get(ack.meta().nodeId()), ack.replicaId());
        ReplicaView after = replica(ruling.step().state().views().get(ack.meta().nodeId()), ack.replicaId());
        if (before != null
                && after != null
                && before.session().inKeepUp()
                && !after.session().inKeepUp()) {
            return stopped(ruling, ack);
        }
        boolean decided = before != null
                && after != null
                && !before.session().inKeepUp()
                && after.session().inKeepUp();
        return decided ? say("applied %,d >= head %,d -> keep-up", ack.ack().position(), ack.primaryWalHead()) : "";
    }

    /** [P9] A replica that left keep-up and got no session. */
    private static String stopped(Ruling.Admitted ruling, Event.SyncAckReceived ack) {
        if (ack.ack().reason() == FailureReason.DISK_FAILED) {
            return "the disk of %s takes no changes -> no session until it does".formatted(ack.replicaId());
        }
        ById<View> views = ruling.step().state().views();
        for (String node : List.of(ack.meta().nodeId(), ack.replicaId())) {
            View view = views.get(node);
            if (view != null && view.condition().fault().stopsSessions()) {
                return "%s has a fault, %s -> no session until it has none"
                        .formatted(node, view.condition().fault().word());
            }
        }
        return "";
    }

    private static ReplicaView replica(View view, String id) {
        return view == null ? null : view.replicas().get(id);
    }

    private static String say(String format, Object... args) {
        return String.format(Locale.ROOT, format, args);
    }
}
