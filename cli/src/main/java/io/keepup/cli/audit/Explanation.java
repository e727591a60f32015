package io.keepup.cli.audit;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.keepup.cli.Sizes;
import io.keepup.engine.Policy;
import io.keepup.engine.Projection;
import io.keepup.engine.message.Command;
import io.keepup.engine.message.Event;
import io.keepup.engine.state.ReplicaView;
import io.keepup.engine.state.Session;
import io.keepup.engine.state.View;
import io.keepup.engine.state.VolumeState;
import io.keepup.engine.word.AckKind;
import io.keepup.streams.fold.Ruling;
import io.keepup.v1.SessionCompleted;
import io.keepup.v1.SessionFailed;
import io.keepup.v1.SessionProgress;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.avro.specific.SpecificRecord;

/** The chain of facts behind one session: what led to it, what happened, how it ended. Remembers a handful of moments. */
public final class Explanation {

    /** Refused reports that are shown. */
    private static final int REFUSALS = 5;

    private final long sessionId;
    private final Policy policy;
    private final Map<String, Chain> chains = new HashMap<>();
    private Projection mode;
    private Fact assigned;
    private String replicaId;
    private String kind = "";
    private List<Fact> ledToIt = List.of();
    private Moment decision;
    private Moment firstReport;
    private Moment lastReport;
    private long reports;
    private final List<Moment> besides = new ArrayList<>();
    private Moment end;
    private Moment after;

    /** A fact and where it stands. */
    private record Fact(long offset, Instant at, String text) {}

    /** What is known of one replica before its next session. */
    private static final class Chain {
        Fact inStep;
        Fact silent;
        Fact tailPassed;
        Fact sessionBefore;
        Fact wished;

        void inStep(Fact fact) {
            inStep = fact;
            silent = null;
            tailPassed = null;
            sessionBefore = null;
            wished = null;
        }
    }

    public Explanation(String volumeId, long sessionId, Policy policy) {
        this.sessionId = sessionId;
        this.policy = policy;
        this.mode = Moment.mode(policy, VolumeState.initial(volumeId));
    }

    /** Takes the next event; false when there is nothing more to be heard. */
    public boolean take(Ruling ruling) {
        Moment moment = Moment.of(ruling, policy, mode);
        mode = moment.mode();
        if (decision == null) {
            before(moment);
        } else if (end == null) {
            during(moment);
        } else {
            afterwards(moment);
        }
        return after == null;
    }

    /** Whether the session was found. */
    public boolean found() {
        return decision != null;
    }

    // --------------------------------------------------------- listening

    private void before(Moment moment) {
        if (!(moment.ruling() instanceof Ruling.Admitted ruling)) {
            return;
        }
        for (Command command : ruling.step().commands()) {
            boolean issue = command instanceof Command.IssueCatchUp || command instanceof Command.IssueRebuild;
            if (issue && ((Command.OfSession) command).sessionId() == sessionId) {
                replicaId = ((Command.OfSession) command).replicaId();
                kind = command instanceof Command.IssueCatchUp ? "catch-up" : "rebuild";
                decision = moment;
                ledToIt = chain(chains.getOrDefault(replicaId, new Chain()));
            }
        }
        VolumeState after = ruling.step().state();
        if (!after.primaryId().equals(ruling.before().primaryId())
                || after.epoch() != ruling.before().epoch()) {
            assigned = fact(moment, moment.text());
            chains.clear();
        }
        View primary = after.primaryView();
        if (primary != null) {
            View old = ruling.before().views().get(primary.nodeId());
            primary.replicas().forEach(r -> replica(moment, old, primary, r));
        }
    }

    private void replica(Moment moment, View before, View primary, ReplicaView replica) {
        Chain chain = chains.computeIfAbsent(replica.id(), id -> new Chain());
        ReplicaView old = before == null ? null : before.replicas().get(replica.id());
        if (old == null) {
            return;
        }
        if (replica.session().inKeepUp() && replica.lastSyncAck().ackKind() == AckKind.QUORUM && replica != old) {
            chain.inStep(fact(moment, say("%s was last in step, at %,d", replica.id(), position(replica))));
        }
        AckKind kindNow = replica.lastSyncAck().ackKind();
        if (kindNow != AckKind.QUORUM && old.lastSyncAck().ackKind() == AckKind.QUORUM) {
            chain.silent = fact(moment, "%s no longer answered (%s)".formatted(replica.id(), kindNow.word()));
        }
        long misses = position(replica) + 1;
        if (primary.walTail() > misses && (before.walTail() <= misses || chain.tailPassed == null)) {
            chain.tailPassed = fact(
                    moment,
                    say(
                            "the WAL's tail is %,d: what %s needs from %,d on is gone",
                            primary.walTail(), replica.id(), misses));
        }
        if (old.session().live() && !replica.session().live()) {
            chain.sessionBefore = fact(moment, ended(replica.id(), old.session(), replica.session()));
        }
        if (!replica.requests().equals(old.requests())) {
            chain.wished = fact(moment, moment.text());
        }
    }

    private static String ended(String replicaId, Session session, Session next) {
        return "%s %s of %s ended: %s"
                .formatted(
                        session.kind().word(),
                        session.id(),
                        replicaId,
                        next.inKeepUp() ? "completed" : next.failure().word());
    }

    private static long position(ReplicaView replica) {
        return replica.lastSyncAck().position();
    }

    private List<Fact> chain(Chain known) {
        List<Fact> facts = new ArrayList<>();
        for (Fact fact :
                new Fact[] {assigned, known.inStep, known.silent, known.tailPassed, known.sessionBefore, known.wished
                }) {
            if (fact != null) {
                facts.add(fact);
            }
        }
        facts.sort((a, b) -> Long.compare(a.offset(), b.offset()));
        return facts;
    }

    private void during(Moment moment) {
        if (moment.ruling() instanceof Ruling.Admitted ruling) {
            boolean ofIt = ruling.event() instanceof Event.OfSession e && e.sessionId() == sessionId;
            if (!live(ruling.step().state())) {
                end = moment;
            } else if (ofIt && ruling.said() instanceof SessionProgress) {
                firstReport = firstReport == null ? moment : firstReport;
                lastReport = moment;
                reports++;
            }
        } else if (ofIt(moment.ruling().said()) && besides.size() < REFUSALS) {
            besides.add(moment);
        }
    }

    private boolean ofIt(SpecificRecord said) {
        return said instanceof SessionProgress p && p.getSessionId() == sessionId
                || said instanceof SessionCompleted c && c.getSessionId() == sessionId;
    }

    private boolean live(VolumeState state) {
        for (View view : state.views()) {
            ReplicaView replica = view.replicas().get(replicaId);
            if (replica != null && replica.session().live() && replica.session().id() == sessionId) {
                return true;
            }
        }
        return false;
    }

    private void afterwards(Moment moment) {
        boolean ofIt = moment.commands().stream()
                .anyMatch(c -> c instanceof Command.OfSession s && s.replicaId().equals(replicaId));
        after = ofIt ? moment : null;
    }

    private static Fact fact(Moment moment, String text) {
        return new Fact(moment.offset(), moment.at(), text);
    }

    private static String say(String format, Object... args) {
        return String.format(Locale.ROOT, format, args);
    }

    // ---------------------------------------------------------- telling

    public void print(Paper paper) {
        paper.line(
                paper.terminal().bold("session %s, a %s of %s: %s".formatted(sessionId, kind, replicaId, outcome())));
        chapter(paper, "what led to it");
        ledToIt.forEach(f -> {
            paper.day(f.at());
            String head = String.format(Locale.ROOT, "%s %7d ", Paper.time(f.at()), f.offset());
            paper.line(head, head.length(), f.text());
        });
        chapter(paper, "the decision");
        Timeline.print(decision, paper);
        chapter(paper, "what happened");
        if (reports > 0) {
            Timeline.print(firstReport, paper);
            if (reports > 1) {
                paper.line(String.format(Locale.ROOT, "  … %,d reports, the last:", reports));
                Timeline.print(lastReport, paper);
            }
        } else {
            paper.line("  nothing was heard of it");
        }
        besides.forEach(m -> Timeline.print(m, paper));
        chapter(paper, "how it ended");
        if (end == null) {
            paper.line("  it is still live");
            return;
        }
        Timeline.print(end, paper);
        if (after != null) {
            chapter(paper, "its next session");
            Timeline.print(after, paper);
        }
    }

    private static void chapter(Paper paper, String title) {
        paper.line("");
        paper.line(paper.terminal().bold(title));
    }

    /** {@code completed in 4.2 s, base 60.1 MiB …}, or the reason why it was not. */
    private String outcome() {
        if (end == null) {
            return "still live";
        }
        if (end.ruling().said() instanceof SessionCompleted c && c.getSessionId() == sessionId) {
            return "completed" + took(" in %.1f s", c.getDurationMs())
                    + part(", base %s", c.getBaseBytes())
                    + part(", WAL %s", c.getWalBytes())
                    + part(", zeros %s", c.getZeroBytes());
        }
        String reason = failure(((Ruling.Admitted) end.ruling()));
        boolean measured = end.ruling().said() instanceof SessionFailed f && f.getSessionId() == sessionId;
        long durationMs = measured ? ((SessionFailed) end.ruling().said()).getDurationMs() : 0;
        return "ended" + took(" after %.1f s", durationMs) + ": " + reason;
    }

    /** By one clock, or not at all: those of two nodes may be hours apart [A11]. */
    private static String took(String format, long durationMs) {
        return durationMs > 0 ? say(format, durationMs / 1000.0) : "";
    }

    private static String part(String format, long bytes) {
        return bytes == 0 ? "" : String.format(Locale.ROOT, format, Sizes.text(bytes));
    }

    private String failure(Ruling.Admitted ruling) {
        for (Command command : ruling.step().commands()) {
            if (command instanceof Command.CancelSession cancel && cancel.sessionId() == sessionId) {
                return cancel.reason().word();
            }
        }
        return ruling.event() instanceof Event.SessionFailed failed
                ? failed.reason().word()
                : "superseded";
    }

    public ObjectNode json() {
        ObjectNode json = JsonNodeFactory.instance
                .objectNode()
                .put("session", sessionId)
                .put("replica", replicaId)
                .put("kind", kind)
                .put("outcome", outcome());
        ArrayNode facts = json.putArray("ledToIt");
        ledToIt.forEach(f -> facts.addObject()
                .put("offset", f.offset())
                .put("time", f.at().toString())
                .put("fact", f.text()));
        json.set("decision", decision.json());
        json.put("reports", reports);
        json.set("lastReport", lastReport == null ? null : lastReport.json());
        json.set("end", end == null ? null : end.json());
        json.set("next", after == null ? null : after.json());
        return json;
    }
}
