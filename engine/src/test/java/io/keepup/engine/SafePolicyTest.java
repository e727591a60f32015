package io.keepup.engine;

import static io.keepup.engine.Story.P;
import static io.keepup.engine.Story.R1;
import static io.keepup.engine.Story.R2;
import static io.keepup.engine.Story.at;
import static io.keepup.engine.Story.inSession;
import static io.keepup.engine.Story.ofEpoch;
import static io.keepup.engine.Story.unrecoverable;
import static org.assertj.core.api.Assertions.assertThat;

import io.keepup.engine.Policy.Safe;
import io.keepup.engine.message.Command.CancelSession;
import io.keepup.engine.message.Command.IssueCatchUp;
import io.keepup.engine.message.Command.IssueRebuild;
import io.keepup.engine.message.Event;
import io.keepup.engine.message.Event.SessionProgress;
import io.keepup.engine.message.Event.SyncAckReceived;
import io.keepup.engine.message.Meta;
import io.keepup.engine.message.SyncAck;
import io.keepup.engine.state.FailureStreak;
import io.keepup.engine.word.AckKind;
import io.keepup.engine.word.FailureReason;
import io.keepup.engine.word.Role;
import io.keepup.engine.word.SessionCause;
import io.keepup.engine.word.SessionKind;
import io.keepup.engine.word.SessionState;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

/** [P1]-[P8], rule by rule. */
class SafePolicyTest {

    private static Story safe(String... replicas) {
        return Story.bootstrapped(Policy.safe(), replicas);
    }

    // ------------------------------------------------------------------ P1

    @Test
    void P1_healthNeedsEveryReplicaHeardAndInKeepUp() {
        Story story = safe(R1, R2).tell(s -> s.barrier(9));
        assertThat(story.mode()).isEqualTo("bootstrap_pending/awaiting_replica_sync");

        story.tell(s -> s.ack(R1, 9, 9));
        assertThat(story.mode()).isEqualTo("bootstrap_pending/awaiting_replica_sync");
        story.tell(s -> s.ack(R2, 5, 9));
        assertThat(story.mode()).isEqualTo("bootstrap_pending/recovery_in_progress");
        story.tell(s -> s.completed(R2));
        assertThat(story.mode()).isEqualTo("publish_healthy/");
    }

    @Test
    void P1_anotherEpochMustHearThemAllAgain() {
        Story story = safe(R1).tell(s -> s.ack(R1, 9, 9));
        assertThat(story.projection.healthy()).isTrue();

        story.tell(s -> s.primary(P, 2, R1)).tell(s -> s.ready(P, 2));

        assertThat(story.mode()).isEqualTo("bootstrap_pending/awaiting_replica_sync");
    }

    @ParameterizedTest
    @EnumSource(value = AckKind.class, names = "QUORUM", mode = Mode.EXCLUDE)
    void P1_aReplicaNotHeardLosesHealthAndNothingElse(AckKind kind) {
        Story story = safe(R1, R2).tell(s -> s.ack(R1, 9, 9)).tell(s -> s.ack(R2, 9, 9));
        assertThat(story.projection.healthy()).isTrue();

        story.tell(s -> s.ack(R1, SyncAck.NONE.withKind(kind), 8, 12));

        assertThat(story.mode()).isEqualTo("bootstrap_pending/awaiting_replica_sync");
        assertThat(story.commands).isEmpty();
        assertThat(story.session(R1).inKeepUp()).isTrue();
        assertThat(story.view(P).replicas().get(R1).lastSyncAck()).isEqualTo(at(9).withKind(kind));
        assertThat(story.view(P).durableLsn()).isEqualTo(9);
        assertThat(story.tell(s -> s.ack(R1, 12, 12)).projection.healthy()).isTrue();
    }

    @ParameterizedTest
    @EnumSource(value = AckKind.class, names = "QUORUM", mode = Mode.EXCLUDE)
    void P1_silenceNeverStartsOrEndsASession(AckKind kind) {
        SyncAck silence = SyncAck.NONE.withKind(kind);

        Story never = safe(R1).tell(s -> s.ack(R1, silence, 5, 9));
        assertThat(never.commands).isEmpty();
        assertThat(never.session(R1).kind()).isEqualTo(SessionKind.NONE);

        Story live = safe(R1).tell(s -> s.ack(R1, 5, 9)).tell(s -> s.ack(R1, silence, 7, 9));
        assertThat(live.session(R1).state()).isEqualTo(SessionState.ISSUED);

        Story failed =
                live.tell(s -> s.failed(R1, FailureReason.TRANSPORT_LOST)).tell(s -> s.ack(R1, silence, 7, 9));
        assertThat(failed.commands).isEmpty();
        assertThat(failed.mode()).isEqualTo("degraded/transport_lost");
    }

    // ------------------------------------------------------------------ P2

    /** Head 12; r1 durable at 10, r2 at 7 (both in keep-up as of their own sync). */
    @ParameterizedTest
    @CsvSource({"ANY, 12", "QUORUM, 10", "ALL, 7"})
    void P2_theRuleCountsCopiesOverPrimaryAndReplicas(DurabilityRule rule, long durable) {
        Story story = Story.bootstrapped(new Safe(rule), R1, R2)
                .tell(s -> s.ack(R2, at(12, 7), 1, 12))
                .tell(s -> s.ack(R1, at(12, 10), 1, 12));

        assertThat(story.view(P).durableLsn()).isEqualTo(durable);
        assertThat(rule.word()).isEqualTo(rule.name().toLowerCase(java.util.Locale.ROOT));
    }

    @Test
    void P2_aReplicaCountsOnlyInKeepUp() {
        Story story = safe(R1).tell(s -> s.ack(R1, 9, 20));
        assertThat(story.view(P).durableLsn()).as("catching up").isZero();

        story.tell(s -> s.ack(R1, inSession(15, 1), 1, 30));
        assertThat(story.view(P).durableLsn()).as("in its session").isZero();
        story.tell(s -> s.failed(R1, FailureReason.PROGRESS_STALLED));
        assertThat(story.view(P).durableLsn()).as("failed").isZero();
        story.tell(s -> s.ack(R1, 20, 20));
        assertThat(story.view(P).durableLsn()).as("keep-up").isEqualTo(20);
    }

    @Test
    void P2_factsFromBeforeARebuildNeverCount() {
        Story story = safe(R1, R2).tell(s -> s.ack(R1, ofEpoch(30, 7), 1, 20, 1));
        assertThat(story.only(IssueRebuild.class).cause()).isEqualTo(SessionCause.DIVERGED);

        story.tell(s -> s.completed(R1, 18, 20, true));
        assertThat(story.view(P).durableLsn()).isEqualTo(18);
        story.tell(s -> s.ack(R2, at(40, 0), 1, 40));

        assertThat(story.view(P).durableLsn())
                .as("30 was never r1's under this primary")
                .isEqualTo(18);
    }

    @Test
    void P2_thePrimaryCountsOnlyUpToItsHead() {
        Story story = safe(R1).tell(s -> s.ack(R1, ofEpoch(8, 2), 1, 5, 2));

        assertThat(story.view(P).durableLsn()).isEqualTo(5);
    }

    @Test
    void P2_aBarrierIsAProofAndNothingLowersIt() {
        Story story =
                safe(R1).tell(s -> s.barrier(50)).tell(s -> s.ack(R1, 20, 20)).tell(s -> s.barrier(30));

        assertThat(story.view(P).durableLsn()).isEqualTo(50);
    }

    @Test
    void P2_itIsPerEpoch() {
        Story story = safe(R1).tell(s -> s.ack(R1, 9, 9)).tell(s -> s.primary(P, 2, R1));

        assertThat(story.view(P).durableLsn()).isZero();
    }

    @Test
    void P2_otherCopiesNeedTheirOwnProof() {
        Story story = safe(R1).tell(s -> s.ack(R1, 9, 9));

        story.tell(s -> s.primary(P, 1, R1, R2));
        assertThat(story.view(P).durableLsn()).as("two of three").isEqualTo(9);
        story.tell(s -> s.primary(P, 1, R2));
        assertThat(story.view(P).durableLsn()).as("only p is left of those").isZero();
    }

    // ------------------------------------------------------------------ P3

    @Test
    void P3_aFailedRebuildFollowedByAPlausibleAckIsARebuildAgain() {
        Story story = safe(R1).tell(s -> s.ack(R1, at(1), 5, 9));
        long first = story.session(R1).id();
        for (SyncAck plausible : new SyncAck[] {at(9), at(8), at(0)}) {
            story.tell(s -> s.failed(R1, FailureReason.TRANSPORT_LOST));

            story.tell(s -> s.ack(R1, plausible, 1, 9));

            IssueRebuild again = story.only(IssueRebuild.class);
            assertThat(again.cause()).isEqualTo(SessionCause.BEHIND_WAL_TAIL);
            assertThat(again.sessionId()).isGreaterThan(first);
        }
        story.tell(s -> s.completed(R1)).tell(s -> s.ack(R1, 8, 9));
        story.only(IssueCatchUp.class);
    }

    @Test
    void P3_itSticksThroughFactsThatAllowNoSession() {
        Story story = safe(R1).tell(s -> s.ack(R1, at(1), 5, 9)).tell(s -> s.failed(R1, FailureReason.TRANSPORT_LOST));

        story.tell(s -> s.ack(R1, at(0), 1, 0));
        assertThat(story.commands).isEmpty();
        story.tell(s -> s.ack(R1, at(9), 1, 9));

        assertThat(story.only(IssueRebuild.class).cause()).isEqualTo(SessionCause.BEHIND_WAL_TAIL);
    }

    @Test
    void P3_theCauseStaysUnlessTheDataProvesWorthless() {
        Story story = safe(R1).tell(s -> s.ack(R1, ofEpoch(9, 7), 1, 9, 1));

        story.tell(s -> s.failed(R1, FailureReason.TRANSPORT_LOST))
                .tell(s -> s.ack(R1, unrecoverable(0, FailureReason.NONE), 1, 9));
        assertThat(story.only(IssueRebuild.class).cause()).isEqualTo(SessionCause.DIVERGED);
        story.tell(s -> s.failed(R1, FailureReason.LOCAL_WAL_CORRUPT))
                .tell(s -> s.ack(R1, unrecoverable(0, FailureReason.LOCAL_WAL_CORRUPT), 1, 9));
        assertThat(story.only(IssueRebuild.class).cause()).isEqualTo(SessionCause.LOCAL_CORRUPT);
    }

    @Test
    void P3_removalOrAnotherEpochEndsItButTheReplicasOwnMarkerDoesNot() {
        Story story = safe(R1).tell(s -> s.ack(R1, at(1), 5, 9)).tell(s -> s.failed(R1, FailureReason.TRANSPORT_LOST));

        story.tell(s -> s.primary(P, 2, R1)).tell(s -> s.ack(R1, at(8), 5, 9));
        story.only(IssueCatchUp.class);

        story.tell(s -> s.primary(P, 3, R1)).tell(s -> s.ack(R1, unrecoverable(0, FailureReason.NONE), 1, 9));
        assertThat(story.only(IssueRebuild.class).cause()).isEqualTo(SessionCause.REBUILD_UNFINISHED);
    }

    // ------------------------------------------------------------- P4 - P6

    @Test
    void P4_unrecoverableOrCorruptIsARebuildWhereverItStands() {
        for (long position : new long[] {0, 5, 9}) {
            Story marker = safe(R1).tell(s -> s.ack(R1, unrecoverable(position, FailureReason.NONE), 1, 9));
            assertThat(marker.only(IssueRebuild.class).cause()).isEqualTo(SessionCause.REBUILD_UNFINISHED);
            for (FailureReason reason :
                    new FailureReason[] {FailureReason.LOCAL_WAL_CORRUPT, FailureReason.LOCAL_EXTENT_CORRUPT}) {
                Story corrupt = safe(R1).tell(s -> s.ack(R1, unrecoverable(position, reason), 1, 9));
                assertThat(corrupt.only(IssueRebuild.class).cause()).isEqualTo(SessionCause.LOCAL_CORRUPT);
            }
        }
    }

    @ParameterizedTest(name = "position {0} epoch {1}, head {2} epoch there {3}: {4}")
    @CsvSource({
        "10, 0, 9, 0, REBUILD", // ahead of the head
        "10, 1, 9, 0, REBUILD", // ahead, and the primary has no such entry
        "10, 0, 9, 2, REBUILD", // ahead, and nothing proves that it is the same entry
        "10, 2, 9, 2, KEEPUP", // the primary has that very entry: the head is only older than the answer
        "10, 1, 9, 2, REBUILD",
        "9, 1, 9, 2, REBUILD", // another entry at that LSN
        "5, 1, 9, 2, REBUILD",
        "5, 2, 9, 2, CATCHUP",
        "5, 0, 9, 0, CATCHUP", // a release that knew no epochs
        "9, 0, 9, 0, KEEPUP",
    })
    void P5_aheadOrAnotherEpochAtThatLsnHasDiverged(
            long position, long appliedEpoch, long head, long primaryEpoch, SessionKind kind) {
        Story story = safe(R1).tell(s -> s.ack(R1, ofEpoch(position, appliedEpoch), 1, head, primaryEpoch));

        assertThat(story.session(R1).kind()).isEqualTo(kind);
        if (kind == SessionKind.REBUILD) {
            assertThat(story.session(R1).cause()).isEqualTo(SessionCause.DIVERGED);
        }
    }

    @ParameterizedTest(name = "position {0} epoch {1}, tail {2} epoch there {3}: {4}, {5}")
    @CsvSource({
        "8, 1, 7, 0, REBUILD, DIVERGED",
        "8, 0, 7, 2, REBUILD, DIVERGED",
        "9, 1, 7, 0, REBUILD, DIVERGED", // no keep-up either
        "6, 1, 7, 0, REBUILD, DIVERGED", // the edge: it may follow from there [P8]
        "6, 2, 7, 2, CATCHUP, BEHIND",
        "5, 1, 7, 0, REBUILD, BEHIND_WAL_TAIL", // below it the primary need not know, and nothing follows
        "0, 0, 1, 0, CATCHUP, EMPTY",
    })
    void A8_unknownAgainstKnownIsDivergence(
            long position, long appliedEpoch, long tail, long primaryEpoch, SessionKind kind, SessionCause cause) {
        Story story = safe(R1).tell(s -> s.ack(R1, ofEpoch(position, appliedEpoch), tail, 9, primaryEpoch));

        assertThat(story.session(R1).kind()).isEqualTo(kind);
        assertThat(story.session(R1).cause()).isEqualTo(cause);
    }

    @Test
    void P5_withNothingWrittenThereIsNoTargetToRebuildTo() {
        Story story = safe(R1).tell(s -> s.ack(R1, 0, 0)).tell(s -> s.ack(R1, 3, 0));
        assertThat(story.commands).isEmpty();
        assertThat(story.session(R1).inKeepUp()).as("but it is not in sync").isFalse();
        assertThat(story.mode()).isEqualTo("bootstrap_pending/awaiting_replica_sync");

        story.tell(s -> s.ack(R1, 3, 2));
        assertThat(story.only(IssueRebuild.class).cause()).isEqualTo(SessionCause.DIVERGED);
    }

    @Test
    void P6_anEmptyVolumeIsInKeepUp() {
        Story story = safe(R1).tell(s -> s.ack(R1, at(0), 1, 0));

        assertThat(story.commands).isEmpty();
        assertThat(story.session(R1).inKeepUp()).isTrue();
        assertThat(story.mode()).isEqualTo("bootstrap_pending/awaiting_barrier_durability");
    }

    // ------------------------------------------------------------------ P7

    @Test
    void P7_whoeverEndsASessionButItsReplicaCancelsIt() {
        for (String source : new String[] {"watchdog", "operator/jo", "node/" + P}) {
            Story story = safe(R1).tell(s -> s.ack(R1, 5, 9));
            long live = story.session(R1).id();

            story.tell(s -> s.failed(R1, FailureReason.PROGRESS_STALLED, source));

            CancelSession cancel = story.only(CancelSession.class);
            assertThat(cancel.sessionId()).isEqualTo(live);
            assertThat(cancel.reason()).isEqualTo(FailureReason.PROGRESS_STALLED);
            assertThat(cancel.targets()).containsExactly(R1, P);
            assertThat(story.mode()).isEqualTo("degraded/progress_stalled");
        }
        Story itself = safe(R1).tell(s -> s.ack(R1, 5, 9)).tell(s -> s.failed(R1, FailureReason.PIN_LOST));
        assertThat(itself.commands).isEmpty();
    }

    @Test
    void P7_removalCancelsTheLiveSession() {
        Story story = safe(R1, R2).tell(s -> s.ack(R1, 5, 9)).tell(s -> s.ack(R2, 9, 9));

        story.tell(s -> s.primary(P, 1, R2));

        assertThat(story.commandNames()).containsExactly("CancelSession", "ApplyRole", "ConfigureShipper");
        assertThat(((CancelSession) story.commands.get(0)).replicaId()).isEqualTo(R1);
        assertThat(((CancelSession) story.commands.get(0)).reason()).isEqualTo(FailureReason.CANCELLED);
        assertThat(story.view(P).replicas().contains(R1)).isFalse();
        assertThat(story.projection.healthy()).isTrue();
    }

    @Test
    void P7_anotherEpochCancelsWhatTheOldOneLeftLive() {
        Story same = safe(R1).tell(s -> s.ack(R1, 5, 9)).tell(s -> s.primary(P, 2, R1));
        assertThat(same.commandNames()).containsExactly("CancelSession", "ApplyRole", "ConfigureShipper");
        assertThat(same.commands.get(0).origin().epoch()).isEqualTo(1);

        Story failover = safe(R1).tell(s -> s.ack(R1, 5, 9)).tell(s -> s.primary(R2, 2, R1));
        assertThat(failover.commandNames()).containsExactly("CancelSession", "ApplyRole", "ConfigureShipper");
        CancelSession cancel = (CancelSession) failover.commands.get(0);
        assertThat(cancel.reason()).isEqualTo(FailureReason.SUPERSEDED);
        assertThat(cancel.targets()).containsExactly(R1, P);
        assertThat(failover.view(P).replicas().get(R1).session().live()).isFalse();
        assertThat(failover.tell(s -> s.assigned(P, 2, Role.REPLICA)).commandNames())
                .as("once only")
                .containsExactly("ApplyRole", "StartReceiver");
    }

    // ------------------------------------------------------------ P8 and on

    @ParameterizedTest
    @CsvSource({"3, 5, REBUILD", "4, 5, CATCHUP", "5, 5, CATCHUP", "0, 1, CATCHUP", "0, 0, CATCHUP", "0, 2, REBUILD"})
    void P8_aReplicaThatMissesNothingRetainedCatchesUp(long position, long tail, SessionKind kind) {
        Story story = safe(R1).tell(s -> s.ack(R1, at(position), tail, 9));

        assertThat(story.session(R1).kind()).isEqualTo(kind);
    }

    @Test
    void R3_anAckFromInsideASessionThatIsOverDecidesNothing() {
        Story story = safe(R1).tell(s -> s.ack(R1, at(1), 5, 9));
        long id = story.session(R1).id();
        SyncAck fromInside = new SyncAck(0, 0, 0, 0, false, FailureReason.NONE, AckKind.QUORUM, true, id, 0);

        story.tell(s -> s.completed(R1)).tell(s -> s.ack(R1, fromInside, 5, 9));

        assertThat(story.commands).isEmpty();
        assertThat(story.session(R1).inKeepUp()).isTrue();
        assertThat(story.mode()).isEqualTo("bootstrap_pending/awaiting_replica_sync");
        assertThat(story.tell(s -> s.ack(R1, 9, 9)).projection.healthy()).isTrue();
    }

    // ------------------------------------------------ failing again and again

    /** The sessions of r1 fail so often, as soon as they are issued, and no pause is waited for that need not be. */
    private static Story failing(int times) {
        Story story = safe(R1);
        for (int i = 0; i < times; i++) {
            story.tell(s -> s.ack(R1, 5, 9)).pass(300_000).tell(s -> s.ack(R1, 5, 9));
            assertThat(story.session(R1).live()).as("session %d", i + 1).isTrue();
            story.tell(s -> s.failed(R1, FailureReason.TRANSPORT_LOST));
        }
        return story;
    }

    private static FailureStreak streak(Story story) {
        return story.state.primaryView().replicas().get(R1).streak();
    }

    @ParameterizedTest
    @CsvSource({"1,0", "2,1000", "3,2000", "4,4000", "9,128000", "10,256000", "11,300000", "60,300000"})
    void S_F14_aSessionThatFailsAgainAndAgainIsIssuedWithAGrowingPause(int failures, long pauseMs) {
        Story story = failing(failures);
        assertThat(streak(story).failures()).isEqualTo(failures);
        assertThat(streak(story).pauseMs()).isEqualTo(pauseMs);

        if (pauseMs > 0) {
            story.pass(1_000_000).tell(s -> s.ack(R1, 5, 9)); // the pause begins when it answers again
            assertThat(story.commands).isEmpty();
            story.pass(pauseMs - 1).tell(s -> s.ack(R1, 5, 9));
            assertThat(story.commands).isEmpty();
            assertThat(story.mode()).isEqualTo("degraded/transport_lost");
            story.pass(1);
        }
        story.tell(s -> s.ack(R1, 5, 9));
        story.only(IssueCatchUp.class);
    }

    @Test
    void P11_whatWallClocksShowDoesNotMatter() {
        Story one = failing(5);
        Story other = failing(5);
        SyncAckReceived told = other.ack(R1, 5, 9);
        Meta later = new Meta("e", Story.VOLUME, P, 1, told.meta().occurredAt() + 7_200_000, "node/p");

        one.tell(s -> s.ack(R1, 5, 9)).pass(8_000).tell(s -> s.ack(R1, 5, 9));
        other.tell(s -> s.ack(R1, 5, 9))
                .pass(7_999)
                .tell(s -> new SyncAckReceived(later, R1, 1_000, told.ack(), 1, 9, 0, told.primaryUptimeMs() + 7_999));

        one.only(IssueCatchUp.class);
        assertThat(other.commands).as("hours by the wall, not by the primary").isEmpty();
    }

    @Test
    void P11_aCompletedSessionAndAReplicaThatKeepsUpByItselfEndTheStreak() {
        Story completed = failing(4).tell(s -> s.ack(R1, 5, 9)).pass(4_000).tell(s -> s.ack(R1, 5, 9));
        assertThat(streak(completed.tell(s -> s.completed(R1)))).isEqualTo(FailureStreak.NONE);

        Story caughtUp = failing(4).tell(s -> s.ack(R1, 9, 9));
        assertThat(caughtUp.session(R1).inKeepUp()).isTrue();
        assertThat(streak(caughtUp)).isEqualTo(FailureStreak.NONE);
        caughtUp.tell(s -> s.ack(R1, 8, 9)).only(IssueCatchUp.class);

        assertThat(streak(failing(4).tell(s -> s.primary(P, 2, R1)))).isEqualTo(FailureStreak.NONE);
    }

    @Test
    void P11_anOperatorsRequestGoesThroughAtOnce() {
        Story story = failing(9).tell(s -> s.ack(R1, 5, 9));
        assertThat(story.commands).isEmpty();

        story.tell(s -> s.rebuildWish(R1));

        story.only(IssueRebuild.class);
        assertThat(streak(story)).isEqualTo(FailureStreak.NONE);
    }

    @Test
    void P11_whatIsEndedOnPurposeDidNotFail() {
        Story story = safe(R1);
        for (int i = 0; i < 5; i++) {
            story.tell(s -> s.ack(R1, 5, 9));
            story.only(IssueCatchUp.class);
            story.tell(s -> s.cancelWish(R1, s.session(R1).id()));
        }
        assertThat(streak(story)).isEqualTo(FailureStreak.NONE);
    }

    @Test
    void P11_aRequiredRebuildIsHeldBackAndStaysOne() {
        Story story = safe(R1);
        for (int i = 0; i < 3; i++) {
            story.tell(s -> s.ack(R1, at(1), 5, 9)).pass(300_000).tell(s -> s.ack(R1, at(1), 5, 9));
            story.tell(s -> s.alarm(R1, FailureReason.PROGRESS_STALLED, 0));
        }
        story.tell(s -> s.ack(R1, at(7), 5, 9));
        assertThat(story.commands).isEmpty();
        story.pass(2_000).tell(s -> s.ack(R1, at(7), 5, 9));
        assertThat(story.only(IssueRebuild.class).cause()).isEqualTo(SessionCause.BEHIND_WAL_TAIL);
    }

    @Test
    void P11_aPrimaryThatWasStartedAgainOrDoesNotTellItsUptimeHoldsNothingBack() {
        Story restarted = failing(9).tell(s -> s.ack(R1, 5, 9)).primaryRestarts();
        restarted.tell(s -> s.ack(R1, 5, 9)).only(IssueCatchUp.class);

        Story older = failing(9);
        older.tell(s -> new SyncAckReceived(s.meta(P, 1, "node/p"), R1, 1_000, at(5), 1, 9, 0));
        older.only(IssueCatchUp.class);
    }

    // ------------------------------------------------------------- the watchdog

    @Test
    void C4_whatIsNewIsCountedAndWhatLeadsToTheEndApart() {
        Story story = safe(R1).tell(s -> s.ack(R1, at(1), 5, 9)).tell(s -> s.progress(R1, 0, 10));
        assertThat(story.session(R1).reports()).isEqualTo(1);
        assertThat(story.session(R1).steps()).isEqualTo(1);

        story.tell(s -> s.progress(R1, 0, 10));
        assertThat(story.session(R1).reports()).as("nothing new").isEqualTo(1);
        SessionProgress same = story.progress(R1, 0, 10);
        story.tell(s -> new SessionProgress(
                same.meta(), R1, same.sessionId(), same.kind(), same.phase(), 0, 0, 10, 100, 99_999_999));
        assertThat(story.session(R1).reports()).as("bytes").isEqualTo(2);
        assertThat(story.session(R1).steps()).as("bytes lead nowhere").isEqualTo(1);
    }

    @Test
    void A12_anAlarmThatNewerReportsCameBeforeIsRefused() {
        Story story = safe(R1).tell(s -> s.ack(R1, at(1), 5, 9)).tell(s -> s.progress(R1, 0, 10));
        Event stalled = story.alarm(R1, FailureReason.PROGRESS_STALLED, 1);
        Event late = story.alarm(R1, FailureReason.DEADLINE_EXCEEDED, 1);
        SessionProgress same = story.progress(R1, 0, 10);
        story.tell(s -> new SessionProgress(
                same.meta(), R1, same.sessionId(), same.kind(), same.phase(), 0, 0, 10, 100, 99_999_999));

        story.refuse(RejectReason.STALE_SESSION, stalled);
        story.tell(s -> late);
        assertThat(story.only(CancelSession.class).reason()).isEqualTo(FailureReason.DEADLINE_EXCEEDED);
    }
}
