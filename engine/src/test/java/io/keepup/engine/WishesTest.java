package io.keepup.engine;

import static io.keepup.engine.RejectReason.STALE_SESSION;
import static io.keepup.engine.RejectReason.STALE_WISH;
import static io.keepup.engine.Story.P;
import static io.keepup.engine.Story.R1;
import static io.keepup.engine.Story.R2;
import static io.keepup.engine.Story.at;
import static io.keepup.engine.Story.ofEpoch;
import static org.assertj.core.api.Assertions.assertThat;

import io.keepup.engine.message.Command.CancelSession;
import io.keepup.engine.message.Command.IssueCatchUp;
import io.keepup.engine.message.Command.IssueRebuild;
import io.keepup.engine.message.DecisionFacts;
import io.keepup.engine.message.Event;
import io.keepup.engine.state.Session;
import io.keepup.engine.state.VolumeState;
import io.keepup.engine.word.FailureReason;
import io.keepup.engine.word.SessionCause;
import io.keepup.engine.word.SessionKind;
import io.keepup.engine.word.SessionState;
import org.junit.jupiter.api.Test;

/** [Q1]-[Q3] What operators wish goes through the same sessions as everything else. */
class WishesTest {

    private static Story safe(String... replicas) {
        return Story.bootstrapped(Policy.safe(), replicas);
    }

    // ------------------------------------------------------ rebuild, please

    @Test
    void Q1_aRequestedRebuildIsIssuedAtOnceFromTheFactsLastHeard() {
        Story story = safe(R1).tell(s -> s.ack(R1, at(9), 4, 9));
        assertThat(story.projection.healthy()).isTrue();

        story.tell(s -> s.rebuildWish(R1));

        IssueRebuild rebuild = story.only(IssueRebuild.class);
        assertThat(rebuild.cause()).isEqualTo(SessionCause.OPERATOR_REQUEST);
        assertThat(rebuild.facts()).isEqualTo(new DecisionFacts(9, 4, 9));
        assertThat(rebuild.targetLsn()).isEqualTo(9);
        assertThat(rebuild.targets()).containsExactly(R1, P);
        assertThat(story.session(R1).state()).isEqualTo(SessionState.ISSUED);
        assertThat(story.session(R1).reason()).isEqualTo("operator_request");
        assertThat(story.mode()).isEqualTo("needs_rebuild/replica_needs_rebuild");

        story.tell(s -> s.progress(R1, 5, 50)).tell(s -> s.completed(R1));
        assertThat(story.projection.healthy()).isTrue();
    }

    @Test
    void Q1_aLiveCatchUpGivesWayToARequestedRebuild() {
        Story story = safe(R1).tell(s -> s.ack(R1, 5, 9)).tell(s -> s.progress(R1, 6, 0));
        Session catchUp = story.session(R1);
        Event late = story.completed(R1);

        story.tell(s -> s.rebuildWish(R1));

        assertThat(story.commandNames()).containsExactly("CancelSession", "IssueRebuild");
        CancelSession cancel = (CancelSession) story.commands.get(0);
        assertThat(cancel.sessionId()).isEqualTo(catchUp.id());
        assertThat(cancel.reason()).isEqualTo(FailureReason.CANCELLED);
        IssueRebuild rebuild = (IssueRebuild) story.commands.get(1);
        assertThat(rebuild.sessionId()).isEqualTo(catchUp.id() + 1);
        assertThat(rebuild.commandId()).isNotEqualTo(cancel.commandId());
        assertThat(story.session(R1).kind()).isEqualTo(SessionKind.REBUILD);
        story.refuse(STALE_SESSION, late);
    }

    @Test
    void Q1_whileARebuildIsLiveAWishAddsNothing() {
        Story story = safe(R1).tell(s -> s.ack(R1, at(1), 5, 9)).tell(s -> s.progress(R1, 0, 10));
        Session live = story.session(R1);
        Event wish = story.rebuildWish(R1);

        story.tell(s -> wish);

        assertThat(story.commands).isEmpty();
        assertThat(story.session(R1)).isEqualTo(live);
        story.tell(s -> s.completed(R1)).refuse(STALE_WISH, wish);
        assertThat(story.projection.mode().word())
                .as("granted by the rebuild that was live")
                .isNotEqualTo("needs_rebuild");
    }

    @Test
    void Q2_aWishDeliveredAgainIsNotGrantedAgainHoweverLate() {
        Story story = safe(R1).tell(s -> s.ack(R1, 9, 9));
        Event first = story.rebuildWish(R1);
        Event second = story.rebuildWish(R1);
        story.tell(s -> first).refuse(STALE_WISH, first);
        story.tell(s -> s.completed(R1)).refuse(STALE_WISH, first);
        story.tell(s -> second);
        story.only(IssueRebuild.class);
        VolumeState done = story.tell(s -> s.completed(R1)).tell(s -> s.ack(R1, 9, 9)).state;

        story.refuse(STALE_WISH, first).refuse(STALE_WISH, second);

        assertThat(story.state).isSameAs(done);
        story.tell(s -> s.rebuildWish(R1));
        assertThat(story.only(IssueRebuild.class).sessionId()).isEqualTo(3);
    }

    @Test
    void Q1_withNothingToRebuildToAWishIsDueAtTheNextSync() {
        Story story = safe(R1).tell(s -> s.ack(R1, 0, 0));
        assertThat(story.session(R1).inKeepUp()).isTrue();

        story.tell(s -> s.rebuildWish(R1));
        assertThat(story.commands).isEmpty();
        assertThat(story.session(R1).live()).isFalse();
        assertThat(story.mode()).isEqualTo("bootstrap_pending/awaiting_replica_sync");
        story.tell(s -> s.ack(R1, 0, 0));
        assertThat(story.commands).isEmpty();
        story.tell(s -> s.ack(R1, 3, 3));

        assertThat(story.only(IssueRebuild.class).cause()).isEqualTo(SessionCause.OPERATOR_REQUEST);
    }

    @Test
    void Q1_aHeadOfAnEarlierEpochIsNoTarget() {
        Story story = safe(R1, R2).tell(s -> s.ack(R1, 9, 9)).tell(s -> s.primary(P, 2, R1, R2));

        story.tell(s -> s.rebuildWish(R1));
        assertThat(story.commands).isEmpty();
        story.tell(s -> s.ack(R2, 7, 7)).tell(s -> s.rebuildWish(R2));
        assertThat(story.only(IssueRebuild.class).targetLsn()).isEqualTo(7);
        story.tell(s -> s.ack(R1, 7, 7));
        assertThat(story.only(IssueRebuild.class).cause()).isEqualTo(SessionCause.OPERATOR_REQUEST);
    }

    @Test
    void P3_aRequestedRebuildThatFailsStaysARebuild() {
        Story story = safe(R1).tell(s -> s.ack(R1, 9, 9)).tell(s -> s.rebuildWish(R1));

        story.tell(s -> s.failed(R1, FailureReason.TRANSPORT_LOST)).tell(s -> s.ack(R1, 9, 9));
        assertThat(story.only(IssueRebuild.class).cause()).isEqualTo(SessionCause.OPERATOR_REQUEST);
        story.tell(s -> s.completed(R1)).tell(s -> s.ack(R1, 8, 9));
        story.only(IssueCatchUp.class);
    }

    @Test
    void P3_aWishOnTopOfAFailedRebuildForgetsNotThatTheDataIsWorthless() {
        Story diverged = safe(R1).tell(s -> s.ack(R1, ofEpoch(9, 7), 1, 9, 1))
                .tell(s -> s.failed(R1, FailureReason.TRANSPORT_LOST))
                .tell(s -> s.rebuildWish(R1));
        assertThat(diverged.only(IssueRebuild.class).cause()).isEqualTo(SessionCause.DIVERGED);

        Story behind = safe(R1).tell(s -> s.ack(R1, at(1), 5, 9))
                .tell(s -> s.failed(R1, FailureReason.TRANSPORT_LOST))
                .tell(s -> s.rebuildWish(R1));
        assertThat(behind.only(IssueRebuild.class).cause()).isEqualTo(SessionCause.OPERATOR_REQUEST);
    }

    @Test
    void P3_aFailedRebuildWithNoHeadStaysAsItFailed() {
        Story story = safe(R1).tell(s -> s.ack(R1, at(1), 5, 9))
                .tell(s -> s.failed(R1, FailureReason.PIN_LOST))
                .tell(s -> s.ack(R1, at(0), 1, 0));

        story.tell(s -> s.rebuildWish(R1));

        assertThat(story.commands).isEmpty();
        assertThat(story.mode()).isEqualTo("degraded/pin_lost");
        assertThat(story.session(R1).cause()).isEqualTo(SessionCause.BEHIND_WAL_TAIL);
    }

    // --------------------------------------------------- cancel that, please

    @Test
    void Q3_aRequestedCancelEndsTheSessionAndTheNextFactsDecide() {
        Story story = safe(R1).tell(s -> s.ack(R1, 5, 9));
        Session live = story.session(R1);
        Event late = story.completed(R1);

        story.tell(s -> s.cancelWish(R1, live.id()));

        CancelSession cancel = story.only(CancelSession.class);
        assertThat(cancel.sessionId()).isEqualTo(live.id());
        assertThat(cancel.reason()).isEqualTo(FailureReason.CANCELLED);
        assertThat(cancel.targets()).containsExactly(R1, P);
        assertThat(story.session(R1).state()).isEqualTo(SessionState.FAILED);
        assertThat(story.mode()).isEqualTo("degraded/cancelled");
        story.refuse(STALE_SESSION, late).refuse(STALE_SESSION, story.cancelWish(R1, live.id()));
        story.tell(s -> s.ack(R1, 9, 9));
        assertThat(story.projection.healthy()).isTrue();
    }

    @Test
    void P3_aCancelledRebuildIsARebuildAgain() {
        Story story = safe(R1).tell(s -> s.ack(R1, at(1), 5, 9));

        story.tell(s -> s.cancelWish(R1, s.session(R1).id())).tell(s -> s.ack(R1, 9, 9));

        assertThat(story.only(IssueRebuild.class).cause()).isEqualTo(SessionCause.BEHIND_WAL_TAIL);
    }

    @Test
    void Q1_theReferencePolicyKnowsNoWishes() {
        Story story = Story.bootstrapped(Policy.reference(), R1).tell(s -> s.ack(R1, 5, 9));
        VolumeState before = story.state;

        story.tell(s -> s.rebuildWish(R1))
                .tell(s -> s.cancelWish(R1, s.session(R1).id()));

        assertThat(story.state).isSameAs(before);
        assertThat(story.commands).isEmpty();
    }
}
