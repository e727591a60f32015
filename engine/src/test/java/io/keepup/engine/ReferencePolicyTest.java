package io.keepup.engine;

import static io.keepup.engine.Story.P;
import static io.keepup.engine.Story.R1;
import static io.keepup.engine.Story.R2;
import static io.keepup.engine.Story.at;
import static org.assertj.core.api.Assertions.assertThat;

import io.keepup.engine.message.Command.IssueCatchUp;
import io.keepup.engine.message.Command.IssueRebuild;
import io.keepup.engine.message.DecisionFacts;
import io.keepup.engine.state.Readiness;
import io.keepup.engine.word.FailureReason;
import io.keepup.engine.word.Role;
import io.keepup.engine.word.SessionCause;
import io.keepup.engine.word.SessionKind;
import io.keepup.engine.word.SessionState;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** [E1]-[E11], rule by rule; GoldenTracesTest holds the same rules to the founding engine. */
class ReferencePolicyTest {

    private static Story reference(String... replicas) {
        return Story.bootstrapped(Policy.reference(), replicas);
    }

    @Test
    void E1_assignmentGivesTheRoleThenTheShipperOrTheReceiver() {
        Story story = new Story(Policy.reference());

        assertThat(story.tell(s -> s.primary(P, 1, R1)).commandNames())
                .containsExactly("ApplyRole", "ConfigureShipper");
        assertThat(story.tell(s -> s.assigned(R1, 1, Role.REPLICA)).commandNames())
                .containsExactly("ApplyRole", "StartReceiver");
        assertThat(story.tell(s -> s.assigned("x", 1, Role.NONE)).commandNames())
                .containsExactly("ApplyRole");
        assertThat(story.tell(s -> s.primary(P, 2)).commandNames()).containsExactly("ApplyRole");
    }

    @Test
    void E1_anotherEpochShutsTheGatesAndForgetsTheReplicas() {
        Story story = reference(R1).tell(s -> s.ack(R1, 5, 9));

        story.tell(s -> s.primary(P, 2, R1));

        assertThat(story.view(P).readiness()).isEqualTo(Readiness.ASSIGNED);
        assertThat(story.session(R1).kind()).isEqualTo(SessionKind.NONE);
        assertThat(story.view(P).epoch()).isEqualTo(2);
        assertThat(story.view(P).durableLsn()).isEqualTo(5);
    }

    @Test
    void E1_moreReplicasInTheSameEpochLeaveTheOthersAlone() {
        Story story = reference(R1).tell(s -> s.ack(R1, 5, 9));

        story.tell(s -> s.primary(P, 1, R1, R2));

        assertThat(story.view(P).readiness().shipperConnected()).isTrue();
        assertThat(story.session(R1).kind()).isEqualTo(SessionKind.CATCHUP);
        assertThat(story.session(R2).kind()).isEqualTo(SessionKind.NONE);
        assertThat(story.session(R2).state()).isEqualTo(SessionState.IDLE);
    }

    @Test
    void E2_readinessOverwritesOnlyWhatItSays() {
        Story story = reference(R1);

        story.tell(s -> s.gates(P, 1, null, false, null, null));
        assertThat(story.view(P).readiness()).isEqualTo(new Readiness(true, true, false, true, true));
        story.tell(s -> s.gates(P, 1, false, null, null, null));
        assertThat(story.view(P).readiness()).isEqualTo(new Readiness(true, false, false, true, true));
        assertThat(story.commands).isEmpty();
    }

    @Test
    void E3_whileASessionLivesFactsAreRememberedAndNothingIsDecided() {
        Story story = reference(R1).tell(s -> s.ack(R1, 5, 9));
        long live = story.session(R1).id();

        story.tell(s -> s.ack(R1, at(8, 7), 20, 30));

        assertThat(story.commands).isEmpty();
        assertThat(story.session(R1).id()).isEqualTo(live);
        assertThat(story.view(P).replicas().get(R1).lastSyncAck()).isEqualTo(at(8, 7));
        assertThat(story.view(P).walTail()).isEqualTo(20);
        assertThat(story.view(P).walHead()).isEqualTo(30);
        assertThat(story.view(P).durableLsn()).isEqualTo(7);
    }

    @ParameterizedTest(name = "applied {0} durable {1} tail {2} head {3}: {4}")
    @CsvSource({
        "9, 9, 5, 9, KEEPUP,  NONE",
        "10, 9, 5, 9, KEEPUP, NONE",
        "0, 9, 5, 9, KEEPUP,  NONE",
        "8, 8, 5, 9, CATCHUP, BEHIND",
        "5, 5, 5, 9, CATCHUP, BEHIND",
        "0, 5, 5, 9, CATCHUP, BEHIND",
        "4, 4, 5, 9, REBUILD, BEHIND_WAL_TAIL",
        "1, 0, 1, 9, CATCHUP, BEHIND",
        "0, 0, 1, 9, CATCHUP, EMPTY",
        "0, 0, 0, 0, CATCHUP, EMPTY",
        "0, 0, 2, 9, REBUILD, EMPTY",
    })
    void E4_positionAgainstTailAndHeadDecides(
            long applied, long durable, long tail, long head, SessionKind kind, SessionCause cause) {
        Story story = reference(R1).tell(s -> s.ack(R1, at(applied, durable), tail, head));

        assertThat(story.session(R1).kind()).isEqualTo(kind);
        assertThat(story.session(R1).cause()).isEqualTo(cause);
    }

    @Test
    void E5_catchUpStartsAndPinsAtThePositionAndGoesToTheHead() {
        Story story = reference(R1).tell(s -> s.ack(R1, at(5, 4), 2, 9));

        IssueCatchUp issued = story.only(IssueCatchUp.class);
        assertThat(issued.startLsn()).isEqualTo(5);
        assertThat(issued.pinLsn()).isEqualTo(5);
        assertThat(issued.targetLsn()).isEqualTo(9);
        assertThat(issued.facts()).isEqualTo(new DecisionFacts(5, 2, 9));
        assertThat(issued.targets()).containsExactly(R1, P);
        assertThat(story.session(R1).state()).isEqualTo(SessionState.ISSUED);
        assertThat(story.session(R1).startLsn()).isEqualTo(5);
    }

    @Test
    void E5_rebuildGoesToTheHeadAndSaysWhy() {
        Story story = reference(R1).tell(s -> s.ack(R1, at(3), 5, 9));

        IssueRebuild issued = story.only(IssueRebuild.class);
        assertThat(issued.targetLsn()).isEqualTo(9);
        assertThat(issued.cause()).isEqualTo(SessionCause.BEHIND_WAL_TAIL);
        assertThat(story.session(R1).reason()).isEqualTo("applied_lsn < primary_wal_tail");
        assertThat(story.mode()).isEqualTo("needs_rebuild/replica_needs_rebuild");
    }

    @Test
    void E5_sessionIdsAndCommandIdsRiseOverTheWholeVolume() {
        Story story = reference(R1, R2).tell(s -> s.ack(R1, 5, 9));
        IssueCatchUp first = story.only(IssueCatchUp.class);
        story.tell(s -> s.ack(R2, 5, 9));
        IssueCatchUp second = story.only(IssueCatchUp.class);

        assertThat(second.sessionId()).isGreaterThan(first.sessionId());
        assertThat(second.origin().sequence()).isGreaterThan(first.origin().sequence());
        assertThat(second.commandId()).isNotEqualTo(first.commandId());
    }

    @Test
    void E6_progressMakesItRunAndNeverDecides() {
        Story story = reference(R1).tell(s -> s.ack(R1, 5, 9)).tell(s -> s.progress(R1, 7, 0));

        assertThat(story.session(R1).state()).isEqualTo(SessionState.RUNNING);
        assertThat(story.session(R1).progress()).isEqualTo(7);
        assertThat(story.commands).isEmpty();
    }

    @Test
    void E7_completionIsKeepUp() {
        Story story = reference(R1).tell(s -> s.ack(R1, 5, 9)).tell(s -> s.completed(R1, 9, 9, true));

        assertThat(story.session(R1).inKeepUp()).isTrue();
        assertThat(story.view(P).durableLsn()).isEqualTo(9);
        assertThat(story.commands).isEmpty();
    }

    @Test
    void E8_failureKeepsTheKindAndTheNextFactsDecide() {
        Story story = reference(R1).tell(s -> s.ack(R1, 5, 9)).tell(s -> s.failed(R1, FailureReason.PIN_LOST));

        assertThat(story.session(R1).kind()).isEqualTo(SessionKind.CATCHUP);
        assertThat(story.session(R1).state()).isEqualTo(SessionState.FAILED);
        assertThat(story.commands).isEmpty();
        assertThat(story.mode()).isEqualTo("degraded/pin_lost");
        assertThat(story.tell(s -> s.ack(R1, at(5), 7, 9)).commandNames()).containsExactly("IssueRebuild");
    }

    @Test
    void E9_barrierOnlyRaises() {
        Story story = reference(R1).tell(s -> s.barrier(7)).tell(s -> s.barrier(4));

        assertThat(story.view(P).durableLsn()).isEqualTo(7);
    }

    @Test
    void E10_everyGateShowsUntilTheVolumeIsHealthy() {
        Story story = new Story(Policy.reference()).tell(s -> s.primary(P, 1, R1));

        assertThat(story.mode()).isEqualTo("bootstrap_pending/awaiting_role_apply");
        story.tell(s -> s.gates(P, 1, true, null, null, null));
        assertThat(story.mode()).isEqualTo("bootstrap_pending/awaiting_shipper_configured");
        story.tell(s -> s.gates(P, 1, null, null, true, null));
        assertThat(story.mode()).isEqualTo("bootstrap_pending/awaiting_shipper_connected");
        story.tell(s -> s.gates(P, 1, null, null, null, true));
        assertThat(story.mode()).isEqualTo("bootstrap_pending/awaiting_barrier_durability");
        story.tell(s -> s.barrier(1));
        assertThat(story.mode()).isEqualTo("publish_healthy/");
        assertThat(story.projection.healthy()).isTrue();
    }

    @Test
    void E10_replicaAndLonePrimaryAndNoRole() {
        Story story = new Story(Policy.reference()).tell(s -> s.assigned(R1, 1, Role.REPLICA));
        assertThat(story.mode()).isEqualTo("bootstrap_pending/awaiting_role_apply");
        story.tell(s -> s.gates(R1, 1, true, null, null, null));
        assertThat(story.mode()).isEqualTo("bootstrap_pending/awaiting_receiver_ready");
        story.tell(s -> s.gates(R1, 1, null, true, null, null));
        assertThat(story.mode()).isEqualTo("replica_ready/replica_not_primary");

        assertThat(story.tell(s -> s.primary(P, 1)).mode()).isEqualTo("allocated_only/allocated_only");
        assertThat(story.tell(s -> s.assigned("x", 1, Role.NONE)).mode())
                .isEqualTo("bootstrap_pending/awaiting_role_apply");
        assertThat(story.tell(s -> s.ready("x", 1)).mode()).isEqualTo("bootstrap_pending/bootstrap_pending");
    }

    @Test
    void E10_theWorstSessionWins() {
        Story story = reference(R1, R2).tell(s -> s.ack(R2, 5, 9));
        assertThat(story.mode()).isEqualTo("bootstrap_pending/recovery_in_progress");

        story.tell(s -> s.failed(R2, FailureReason.NONE));
        assertThat(story.mode()).isEqualTo("degraded/session_failed");
        story.tell(s -> s.ack(R1, 5, 9)).tell(s -> s.failed(R1, FailureReason.PROGRESS_STALLED));
        assertThat(story.mode()).isEqualTo("degraded/progress_stalled");
        story.tell(s -> s.ack(R1, at(1), 5, 9));
        assertThat(story.mode()).isEqualTo("needs_rebuild/replica_needs_rebuild");
    }

    @Test
    void E11_whatAnUnknownReplicaSaysChangesNothing() {
        Story story = reference(R1);

        Step step = new Engine(Policy.reference()).step(story.state, story.ack("r9", 1, 5));

        assertThat(step.state()).isSameAs(story.state);
        assertThat(step.commands()).isEmpty();
    }
}
