package io.keepup.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.keepup.engine.Admission.Rejected;
import io.keepup.engine.message.Command;
import io.keepup.engine.message.Event;
import io.keepup.engine.state.ReplicaView;
import io.keepup.engine.state.View;
import io.keepup.engine.state.VolumeState;
import io.keepup.engine.word.Role;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;

/** What must hold in every life of a volume, over made-up ones; {@code -Dengine.seed} tells another set. */
class FoldPropertiesTest {

    private static final int LIVES = 300;
    private static final int EVENTS = 250;

    private final long seed = Long.getLong("engine.seed", 20_260_101);

    @BeforeEach
    void printSeed(TestInfo test) {
        System.out.printf("%s: -Dengine.seed=%d%n", test.getDisplayName(), seed);
    }

    private interface Check {
        void at(VolumeState before, Event event, Folded folded);
    }

    /** One made-up life; the check sees every event with what became of it. */
    private static void live(Policy policy, Gossip gossip, Check check) {
        Fold fold = new Fold(policy);
        VolumeState state = VolumeState.initial(Gossip.VOLUME);
        for (int i = 0; i < EVENTS; i++) {
            Event event = gossip.next(state);
            Folded folded = fold.apply(state, event);
            check.at(state, event, folded);
            if (folded instanceof Step step) {
                state = step.state();
            }
        }
    }

    @Test
    void anyEventDeliveredTwiceChangesAndEmitsNothingTheSecondTime() {
        for (Policy policy : List.of(Policy.safe(), Policy.reference())) {
            Fold fold = new Fold(policy);
            Random seeds = new Random(seed);
            for (int i = 0; i < LIVES; i++) {
                long life = seeds.nextLong();
                live(policy, new Gossip(life, policy instanceof Policy.Safe), (before, event, folded) -> {
                    if (folded instanceof Step first && fold.apply(first.state(), event) instanceof Step second) {
                        assertThat(second.state())
                                .as("life %d, %s", life, event)
                                .isEqualTo(first.state());
                        assertThat(second.commands())
                                .as("life %d, %s", life, event)
                                .isEmpty();
                        assertThat(second.projection()).isEqualTo(first.projection());
                    }
                });
            }
        }
    }

    @Test
    void theSameEventsGiveTheSameResults() {
        Random seeds = new Random(seed);
        for (int i = 0; i < LIVES; i++) {
            long life = seeds.nextLong();
            List<Folded> once = new ArrayList<>();
            List<Folded> again = new ArrayList<>();
            live(Policy.safe(), new Gossip(life, true), (before, event, folded) -> once.add(folded));
            live(Policy.safe(), new Gossip(life, true), (before, event, folded) -> again.add(folded));
            assertThat(again).as("life %d", life).isEqualTo(once);
        }
    }

    @Test
    void theMadeUpLivesReachEveryCornerOfTheProtocol() {
        Set<RejectReason> refused = EnumSet.noneOf(RejectReason.class);
        Set<String> commands = new HashSet<>();
        Set<String> modes = new HashSet<>();
        Random seeds = new Random(seed);
        for (int i = 0; i < LIVES; i++) {
            live(Policy.safe(), new Gossip(seeds.nextLong(), true), (before, event, folded) -> {
                switch (folded) {
                    case Rejected no -> refused.add(no.reason());
                    case Step step -> {
                        step.commands().forEach(c -> commands.add(c.getClass().getSimpleName()));
                        modes.add(step.projection().mode().word());
                    }
                }
            });
        }
        assertThat(refused)
                .as("reasons, or the checks beside this one see too little")
                .hasSize(RejectReason.values().length);
        assertThat(commands).hasSize(6);
        assertThat(modes).hasSize(6);
    }

    @Test
    void invariantsHoldAfterEveryEvent() {
        Random seeds = new Random(seed);
        for (int i = 0; i < LIVES; i++) {
            long life = seeds.nextLong();
            Ledger ledger = new Ledger("life " + life);
            live(Policy.safe(), new Gossip(life, true), ledger::check);
        }
    }

    /** Follows every session and primary of one life. */
    private static final class Ledger {
        private final String life;
        private final Map<Long, String> openSessions = new HashMap<>();
        private final Map<Long, String> primaries = new HashMap<>();
        private long lastSessionId;

        Ledger(String life) {
            this.life = life;
        }

        void check(VolumeState before, Event event, Folded folded) {
            if (!(folded instanceof Step step)) {
                return;
            }
            String where = life + ", " + event;
            step.commands().forEach(command -> follow(event, command, where));
            if (event instanceof Event.SessionCompleted || event instanceof Event.SessionFailed) {
                long ended = ((Event.OfSession) event).sessionId();
                assertThat(openSessions.remove(ended))
                        .as("one terminal event, %s", where)
                        .isNotNull();
            }
            assertThat(liveSessions(step.state()))
                    .as("[invariants 2, 7] %s", where)
                    .isEqualTo(openSessions);
            assertThat(new HashSet<>(openSessions.values()))
                    .as("[invariant 2] one live session a replica, %s", where)
                    .hasSameSizeAs(openSessions.values());
            assertOnePrimaryAnEpoch(step.state(), where);
            assertHealthIsEarned(step.state(), where);
            assertThat(step.state().epoch()).as("[invariant 3] %s", where).isGreaterThanOrEqualTo(before.epoch());
        }

        private void follow(Event event, Command command, String where) {
            switch (command) {
                case Command.IssueCatchUp c -> open(c, where);
                case Command.IssueRebuild c -> open(c, where);
                case Command.CancelSession c -> {
                    if (!(event instanceof Event.SessionFailed)) { // that is counted as the end itself
                        assertThat(openSessions.remove(c.sessionId()))
                                .as("cancelled once, %s", where)
                                .isEqualTo(c.replicaId());
                    }
                }
                case Command.ApplyRole c ->
                    assertThat(event) // [P10] another member's size
                            .isInstanceOfAny(Event.AssignmentDelivered.class, Event.ReadinessObserved.class);
                case Command.ConfigureShipper c -> assertThat(event).isInstanceOf(Event.AssignmentDelivered.class);
                case Command.StartReceiver c ->
                    assertThat(event).isInstanceOfAny(Event.AssignmentDelivered.class, Event.ReadinessObserved.class);
            }
        }

        private void open(Command.OfSession issued, String where) {
            assertThat(issued.sessionId()).as("ids rise, %s", where).isGreaterThan(lastSessionId);
            lastSessionId = issued.sessionId();
            openSessions.put(issued.sessionId(), issued.replicaId());
        }

        private static Map<Long, String> liveSessions(VolumeState state) {
            Map<Long, String> live = new HashMap<>();
            for (View view : state.views()) {
                for (ReplicaView replica : view.replicas()) {
                    if (replica.session().live()) {
                        live.put(replica.session().id(), replica.id());
                    }
                }
            }
            return live;
        }

        private void assertOnePrimaryAnEpoch(VolumeState state, String where) {
            for (View view : state.views()) {
                if (view.role() == Role.PRIMARY) {
                    String known = primaries.putIfAbsent(view.epoch(), view.nodeId());
                    assertThat(known == null || known.equals(view.nodeId()))
                            .as("[invariant 3] one primary an epoch, %s", where)
                            .isTrue();
                }
            }
        }

        private static void assertHealthIsEarned(VolumeState state, String where) {
            VolumeOverview overview = VolumeOverview.of(Policy.safe(), state);
            if (overview.projection().healthy()) {
                assertThat(overview.replicas())
                        .as("[invariant 6] %s", where)
                        .allMatch(r -> r.session().inKeepUp() && r.heard());
                assertThat(overview.durableLsn()).isPositive();
                assertThat(state.primaryView().epoch()).isEqualTo(state.epoch());
                assertThat(state.views())
                        .as("[P9] no member has a fault, %s", where)
                        .noneMatch(v -> v.epoch() == state.epoch()
                                && v.condition().faulty()
                                && (v.role() == Role.PRIMARY
                                        || overview.replicas().contains(v.nodeId())));
            }
        }
    }
}
