package io.keepup.engine;

import static io.keepup.engine.RejectReason.CONFLICTING_ASSIGNMENT;
import static io.keepup.engine.RejectReason.FUTURE_EPOCH;
import static io.keepup.engine.RejectReason.INCOMPLETE_SESSION;
import static io.keepup.engine.RejectReason.INVALID_FACTS;
import static io.keepup.engine.RejectReason.NOT_PRIMARY;
import static io.keepup.engine.RejectReason.STALE_EPOCH;
import static io.keepup.engine.RejectReason.STALE_SESSION;
import static io.keepup.engine.RejectReason.STALE_SYNC;
import static io.keepup.engine.RejectReason.STALE_WISH;
import static io.keepup.engine.RejectReason.UNKNOWN_REPLICA;
import static io.keepup.engine.RejectReason.UNKNOWN_VOLUME;
import static io.keepup.engine.Story.P;
import static io.keepup.engine.Story.R1;
import static io.keepup.engine.Story.R2;
import static io.keepup.engine.Story.at;
import static org.assertj.core.api.Assertions.assertThat;

import io.keepup.engine.message.Command.IssueRebuild;
import io.keepup.engine.message.Event;
import io.keepup.engine.message.Event.BarrierConfirmed;
import io.keepup.engine.message.Event.SessionCompleted;
import io.keepup.engine.message.Event.SessionFailed;
import io.keepup.engine.message.Event.SessionProgress;
import io.keepup.engine.message.Event.SyncAckReceived;
import io.keepup.engine.message.Meta;
import io.keepup.engine.message.ReplicaEndpoint;
import io.keepup.engine.state.Session;
import io.keepup.engine.state.VolumeState;
import io.keepup.engine.word.FailureReason;
import io.keepup.engine.word.Role;
import io.keepup.engine.word.SessionKind;
import io.keepup.engine.word.SessionPhase;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** [G1]-[G9]: what is refused and why, and the lawful neighbours of each that must pass. */
class GuardTest {

    private static Story safe(String... replicas) {
        return Story.bootstrapped(Policy.safe(), replicas);
    }

    /** Every kind of report, said of r1 in p's view, under that epoch. */
    private static List<Event> reports(Story s, String nodeId, long epoch) {
        Meta meta = s.meta(nodeId, epoch, "node/" + nodeId);
        return List.of(
                new Event.ReadinessObserved(meta, true, null, null, null),
                new SyncAckReceived(meta, R1, 1_000, at(1), 1, 1, 0),
                new SessionProgress(meta, R1, 1, SessionKind.CATCHUP, SessionPhase.RUNNING, 1, 1, 0, 0, 0),
                new SessionCompleted(meta, R1, 1, SessionKind.CATCHUP, 9, 9, true),
                new SessionFailed(meta, R1, 1, SessionKind.CATCHUP, FailureReason.PIN_LOST),
                new Event.RebuildRequested(meta, R1),
                new Event.CancelRequested(meta, R1, 1),
                new Event.PrimarySilent(meta, 1_000),
                new Event.ProjectionOverwritten(meta),
                new BarrierConfirmed(meta, 1));
    }

    @Test
    void G1_aLowerEpochThanTheViewsIsStale() {
        Story story = safe(R1).tell(s -> s.primary(P, 3, R1));

        reports(story, P, 2).forEach(e -> story.refuse(STALE_EPOCH, e));
        story.refuse(STALE_EPOCH, story.primary(P, 2, R1));
        story.refuse(STALE_EPOCH, story.primary("never-seen", 2));
    }

    @Test
    void G1_anotherRoleOrASecondPrimaryInOneEpochConflicts() {
        Story story = safe(R1).tell(s -> s.assigned(R1, 1, Role.REPLICA));

        story.refuse(CONFLICTING_ASSIGNMENT, story.assigned(P, 1, Role.REPLICA));
        story.refuse(CONFLICTING_ASSIGNMENT, story.primary(R1, 1));
        story.refuse(CONFLICTING_ASSIGNMENT, story.primary(R2, 1));
        assertThat(story.tell(s -> s.primary(R2, 2, P)).state.primaryId()).isEqualTo(R2);
        story.refuse(CONFLICTING_ASSIGNMENT, story.primary(P, 2));
    }

    @Test
    void G1_aNewEpochComesNodeByNode() {
        Story story = safe(R1).tell(s -> s.assigned(R1, 1, Role.REPLICA));

        story.tell(s -> s.assigned(P, 2, Role.REPLICA));
        assertThat(story.state.primaryId()).isEmpty();
        // r1 has not been told yet: what it says under its own epoch still counts for its view
        story.tell(s -> s.gates(R1, 1, true, true, null, null));
        story.refuse(FUTURE_EPOCH, story.gates(R1, 2, true, null, null, null));
        story.tell(s -> s.primary(R1, 2, P));
        story.refuse(STALE_EPOCH, story.gates(R1, 1, true, null, null, null));
        assertThat(story.state.primaryId()).isEqualTo(R1);
    }

    @Test
    void G1_aPrimaryOfAnEpochGoneByIsFencedBeforeItHearsOfIt() {
        Story story = safe(R1);

        story.tell(s -> s.primary(R2, 2, R1));

        reports(story, P, 1).forEach(e -> story.refuse(STALE_EPOCH, e));
    }

    @Test
    void G1_aDifferentGeometryConflicts() {
        Story story = new Story(Policy.safe())
                .tell(s -> s.sized(P, 1, Role.PRIMARY, 1 << 20, 512))
                .tell(s -> s.gates(P, 1, true, null, null, null));

        story.refuse(CONFLICTING_ASSIGNMENT, story.sized(P, 2, Role.PRIMARY, 1 << 21, 0));
        story.refuse(CONFLICTING_ASSIGNMENT, story.sized(P, 2, Role.PRIMARY, 0, 4096));
        story.tell(s -> s.sized(P, 2, Role.PRIMARY, 0, 0)).tell(s -> s.sized(P, 3, Role.PRIMARY, 1 << 20, 512));
        assertThat(story.state.sizeBytes()).isEqualTo(1 << 20);
        assertThat(story.state.blockSize()).isEqualTo(512);
        assertThat(safe(R1).state.sizeBytes()).isEqualTo(VolumeState.DEFAULT_SIZE_BYTES);
        assertThat(safe(R1).state.blockSize()).isEqualTo(VolumeState.DEFAULT_BLOCK_SIZE);
    }

    @Test
    void G2_nothingButAnAssignmentStartsAView() {
        Story story = new Story(Policy.safe());

        reports(story, P, 1).forEach(e -> story.refuse(UNKNOWN_VOLUME, e));
        story.tell(s -> s.primary(P, 1, R1));
        reports(story, R2, 1).forEach(e -> story.refuse(UNKNOWN_VOLUME, e));
        reports(story, P, 2).forEach(e -> story.refuse(FUTURE_EPOCH, e));
        assertThat(story.tell(s -> s.assigned(R1, 1, Role.REPLICA))
                        .state
                        .views()
                        .size())
                .isEqualTo(2);
    }

    @Test
    void G3_aReplicaThatIsNotAssignedOrNoMoreIsUnknown() {
        Story story = safe(R1, R2).tell(s -> s.ack(R1, 5, 9));
        SessionCompleted late = story.completed(R1);

        story.refuse(UNKNOWN_REPLICA, story.ack("r9", 1, 1));
        story.tell(s -> s.primary(P, 1, R2));
        story.refuse(UNKNOWN_REPLICA, late);
        story.refuse(UNKNOWN_REPLICA, story.ack(R1, 1, 1));
        story.refuse(UNKNOWN_REPLICA, story.rebuildWish(R1)).refuse(UNKNOWN_REPLICA, story.cancelWish(R1, 1));
    }

    @Test
    void G4_sessionEventsMustMatchTheLiveSession() {
        Story story = safe(R1).tell(s -> s.ack(R1, 5, 9));
        Session live = story.session(R1);
        Meta meta = story.meta(P, 1, "node/r1");
        SessionKind other = SessionKind.REBUILD;

        story.refuse(STALE_SESSION, new SessionFailed(meta, R1, live.id() + 1, live.kind(), FailureReason.PIN_LOST));
        story.refuse(STALE_SESSION, new SessionFailed(meta, R1, live.id() - 1, live.kind(), FailureReason.PIN_LOST));
        story.refuse(STALE_SESSION, new SessionFailed(meta, R1, live.id(), other, FailureReason.PIN_LOST));
        story.refuse(STALE_SESSION, new SessionCompleted(meta, R1, live.id(), other, 9, 9, true));
        story.refuse(
                STALE_SESSION,
                new SessionProgress(meta, R1, live.id() + 1, live.kind(), SessionPhase.RUNNING, 6, 6, 0, 0, 0));
        story.refuse(STALE_SESSION, story.cancelWish(R1, live.id() + 1));
        story.refuse(STALE_SESSION, story.cancelWish(R1, live.id() - 1));
        SessionProgress late = story.progress(R1, 6, 0);
        SessionCompleted done = story.completed(R1);
        story.tell(s -> done);
        story.refuse(STALE_SESSION, done).refuse(STALE_SESSION, late);
        story.refuse(STALE_SESSION, story.cancelWish(R1, live.id()));
    }

    @Test
    void G5_aSyncMustBeNewerThanTheLastOneOfThatReplica() {
        Story story = safe(R1, R2);
        SyncAckReceived first = story.ack(R1, 5, 9);
        SyncAckReceived second = story.ack(R1, 9, 9);
        SyncAckReceived other = story.ack(R2, 9, 9);

        story.tell(s -> other).tell(s -> second);
        story.refuse(STALE_SYNC, first).refuse(STALE_SYNC, second);
        // another epoch counts afresh
        story.tell(s -> s.primary(P, 2, R1));
        Meta meta = story.meta(P, 2, "node/p");
        story.tell(s -> new SyncAckReceived(meta, R1, 1, at(9), 1, 9, 0));
    }

    @Test
    void S_F14_aWishIsToldFromItsEchoWhateverTheOperatorsClocksShow() {
        Story story = safe(R1, R2).tell(s -> s.ack(R1, 9, 9)).tell(s -> s.ack(R2, 9, 9));
        Event other = story.rebuildWish(R2);
        Event wish = story.rebuildWish(R1);
        Event hourBefore = new Event.RebuildRequested(new Meta("another", Story.VOLUME, P, 1, 1, "operator/al"), R1);

        story.tell(s -> wish).tell(s -> other).refuse(STALE_WISH, wish).refuse(STALE_WISH, other);
        story.tell(s -> s.completed(R1)).tell(s -> hourBefore);
        story.only(IssueRebuild.class);
        story.refuse(STALE_WISH, hourBefore).refuse(STALE_WISH, wish);
        // a new epoch counts afresh, and knows the old one's wishes by their epoch
        story.tell(s -> s.primary(P, 2, R1)).refuse(STALE_EPOCH, wish);
        story.tell(s -> new Event.RebuildRequested(new Meta("early", Story.VOLUME, P, 2, 1, "operator/jo"), R1));
    }

    @Test
    void G6_aCompletionMustShowItsTargetAndTheBase() {
        Story story = safe(R1, R2).tell(s -> s.ack(R1, 5, 9)).tell(s -> s.ack(R2, at(1), 5, 9));

        story.refuse(INCOMPLETE_SESSION, story.completed(R1, 8, 8, true));
        story.refuse(INCOMPLETE_SESSION, story.completed(R2, 9, 9, false));
        story.refuse(INCOMPLETE_SESSION, story.completed(R2, 8, 8, true));
        story.tell(s -> s.completed(R1, 9, 9, false)).tell(s -> s.completed(R2, 9, 10, true));
    }

    @Test
    void G7_factsThatCannotBeTrueAreRefused() {
        Story story = safe(R1).tell(s -> s.ack(R1, 5, 9));
        Session live = story.session(R1);
        Meta ok = story.meta(P, 1, "node/p");
        List<Meta> wrong = List.of(
                new Meta(" ", Story.VOLUME, P, 1, 0, "master"),
                new Meta("e", "", P, 1, 0, "master"),
                new Meta("e", Story.VOLUME, "", 1, 0, "master"),
                new Meta("e", "vol-2", P, 1, 0, "master"),
                new Meta("e", Story.VOLUME, P, -1, 0, "master"),
                new Meta("e", Story.VOLUME, P, 1, -1, "master"));

        wrong.forEach(meta -> story.refuse(INVALID_FACTS, new BarrierConfirmed(meta, 1)));
        story.refuse(INVALID_FACTS, new BarrierConfirmed(ok, -1));
        story.refuse(INVALID_FACTS, new SyncAckReceived(ok, "", 99, at(1), 1, 1, 0));
        story.refuse(INVALID_FACTS, story.ack(R1, at(5, 6), 1, 9));
        story.refuse(INVALID_FACTS, story.ack(R1, at(-1), 1, 9));
        story.refuse(INVALID_FACTS, story.ack(R1, at(9), 11, 9));
        story.refuse(INVALID_FACTS, story.ack(R1, at(9), 1, 9, -1));
        story.refuse(INVALID_FACTS, new SyncAckReceived(ok, R1, -1, at(9), 1, 9, 0));
        story.refuse(INVALID_FACTS, new SyncAckReceived(ok, R1, 99, at(9), 1, 9, 0, -1));
        story.refuse(INVALID_FACTS, story.alarm(R1, FailureReason.PROGRESS_STALLED, -2));
        story.refuse(INVALID_FACTS, new SessionCompleted(ok, R1, live.id(), live.kind(), -1, 9, true));
        story.refuse(INVALID_FACTS, story.progress(R1, -1, 0));
        story.refuse(INVALID_FACTS, story.rebuildWish(" ")).refuse(INVALID_FACTS, story.cancelWish(R1, -1));
        story.refuse(INVALID_FACTS, new SessionFailed(ok, R1, -1, live.kind(), FailureReason.PIN_LOST));
        story.refuse(INVALID_FACTS, new Event.PrimarySilent(ok, -1));
        // the edges
        story.tell(s -> s.ack(R1, at(0, 6), 1, 9)).tell(s -> s.ack(R1, at(9), 10, 9));
    }

    @Test
    void G7_assignmentsThatCannotBeAreRefused() {
        Story story = new Story(Policy.safe());

        story.refuse(INVALID_FACTS, story.primary(P, 0));
        story.refuse(INVALID_FACTS, story.primary("a/b", 1));
        story.refuse(INVALID_FACTS, story.primary("-a", 1));
        story.refuse(INVALID_FACTS, story.primary("a".repeat(101), 1));
        story.refuse(INVALID_FACTS, story.primary(P, 1, P));
        story.refuse(INVALID_FACTS, story.primary(P, 1, R1, R1));
        story.refuse(INVALID_FACTS, story.primary(P, 1, "r 1"));
        story.refuse(INVALID_FACTS, story.primary(P, 1, ""));
        story.refuse(INVALID_FACTS, story.sized(P, 1, Role.PRIMARY, -1, 0));
        story.refuse(INVALID_FACTS, story.sized(P, 1, Role.PRIMARY, 0, -1));
        story.refuse(INVALID_FACTS, story.sized(P, 1, Role.PRIMARY, 1000, 0));
        story.refuse(INVALID_FACTS, story.sized(P, 1, Role.PRIMARY, 3000, 1000));
        story.refuse(INVALID_FACTS, story.sized(P, 1, Role.PRIMARY, 1 << 21, 1 << 21));
        story.tell(s -> s.primary("A".repeat(100), 1, "r_1-x"));
    }

    @Test
    void G8_anIdenticalAssignmentAgainIsAdmittedAndEmitsNothing() {
        Story story = safe(R1, R2).tell(s -> s.ack(R1, 5, 9));
        VolumeState before = story.state;

        story.tell(s -> s.primary(P, 1, R2, R1));

        assertThat(story.state).isSameAs(before);
        assertThat(story.commands).isEmpty();
        assertThat(story.mode()).isEqualTo("bootstrap_pending/recovery_in_progress");
    }

    @Test
    void G8_anotherAddressOfTheSameReplicaIsNotIdentical() {
        Story story = safe(R1).tell(s -> s.ack(R1, 5, 9));
        ReplicaEndpoint moved = new ReplicaEndpoint(R1, "elsewhere:1", "elsewhere:2");

        story.tell(s -> new Event.AssignmentDelivered(s.meta(P, 1, "master"), Role.PRIMARY, List.of(moved), 0, 0));

        assertThat(story.commandNames()).containsExactly("ApplyRole", "ConfigureShipper");
        assertThat(story.view(P).replicas().get(R1).endpoint()).isEqualTo(moved);
        assertThat(story.session(R1).live()).isTrue();
    }

    /** Progress 7, WAL applied 8, base blocks 50 and bytes 900 were said before. */
    @ParameterizedTest
    @CsvSource({
        "6, 8, 50, 900, ignored",
        "7, 7, 50, 900, ignored",
        "7, 8, 49, 900, ignored",
        "7, 8, 50, 899, ignored",
        "9, 9, 49, 999, ignored",
        "7, 8, 50, 900, ignored",
        "7, 8, 51, 900, folded",
        "8, 8, 50, 900, folded",
    })
    void G8_progressNeverGoesBackward(long progress, long walApplied, long blocks, long bytes, String outcome) {
        Story story = safe(R1).tell(s -> s.ack(R1, at(1), 5, 9)).tell(s -> report(s, 7, 8, 50, 900));
        VolumeState before = story.state;

        story.tell(s -> report(s, progress, walApplied, blocks, bytes));

        assertThat(story.commands).isEmpty();
        assertThat(story.state == before ? "ignored" : "folded").isEqualTo(outcome);
    }

    private static SessionProgress report(Story s, long progress, long walApplied, long blocks, long bytes) {
        Meta meta = s.meta(P, 1, "node/r1");
        long id = s.session(R1).id();
        return new SessionProgress(
                meta, R1, id, SessionKind.REBUILD, SessionPhase.RUNNING, progress, walApplied, blocks, 100, bytes);
    }

    @Test
    void G9_onlyAPrimarysViewFoldsWhatIsSaidOfReplicas() {
        Story story = safe(R1).tell(s -> s.assigned(R2, 1, Role.REPLICA, R1));

        reports(story, R2, 1).stream()
                .filter(e -> !(e instanceof Event.ReadinessObserved || e instanceof Event.ProjectionOverwritten))
                .forEach(e -> story.refuse(NOT_PRIMARY, e));
        story.tell(s -> s.ready(R2, 1));
    }
}
