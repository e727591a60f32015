package io.keepup.engine;

import static io.keepup.engine.Story.P;
import static io.keepup.engine.Story.R1;
import static io.keepup.engine.Story.R2;
import static io.keepup.engine.Story.at;
import static io.keepup.engine.Story.unrecoverable;
import static org.assertj.core.api.Assertions.assertThat;

import io.keepup.engine.message.Command.IssueCatchUp;
import io.keepup.engine.message.Command.IssueRebuild;
import io.keepup.engine.message.Event.ReadinessObserved;
import io.keepup.engine.state.NodeCondition;
import io.keepup.engine.state.VolumeState;
import io.keepup.engine.word.FailureReason;
import io.keepup.engine.word.NodeFault;
import io.keepup.engine.word.Role;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** [P9] What a node reports that it cannot do is a fact: it is shown, and no session is issued against it. */
class NodeFaultTest {

    /** Everything well: two replicas in keep-up at 9, all of it proven. */
    private static Story healthy() {
        Story story = Story.bootstrapped(Policy.safe(), R1, R2)
                .tell(s -> s.assigned(R1, 1, Role.REPLICA))
                .tell(s -> s.ready(R1, 1))
                .tell(s -> s.assigned(R2, 1, Role.REPLICA))
                .tell(s -> s.ready(R2, 1))
                .tell(s -> s.ack(R1, at(9), 1, 9))
                .tell(s -> s.ack(R2, at(9), 1, 9));
        assertThat(story.overview().projection().healthy()).isTrue();
        return story;
    }

    private static String shown(Story story) {
        Projection shown = story.overview().projection();
        assertThat(shown.healthy()).isEqualTo(shown.reason().isEmpty());
        return shown.mode().word() + "/" + shown.reason();
    }

    @ParameterizedTest
    @EnumSource(
            value = NodeFault.class,
            names = {"NONE"},
            mode = EnumSource.Mode.EXCLUDE)
    void S_F6_aFaultOfThePrimaryOrOfAReplicaTakesTheVolumeOutOfHealthyWithItsOwnReasonUntilItIsTakenBack(
            NodeFault fault) {
        for (String node : new String[] {P, R2}) {
            Story story = healthy().tell(s -> s.fault(node, 1, fault));
            assertThat(shown(story)).isEqualTo("degraded/" + fault.word());
            assertThat(story.overview().detail()).isEqualTo(node + ": see " + fault.word());
            assertThat(story.mode()).as("of the node").isEqualTo("degraded/" + fault.word());
            assertThat(story.commands).isEmpty();

            story.tell(s -> s.fault(node, 1, NodeFault.NONE));
            assertThat(shown(story)).isEqualTo("publish_healthy/");
            assertThat(story.overview().detail()).isEmpty();
            assertThat(story.view(node).condition().faulty()).isFalse();
        }
    }

    @Test
    void P9_aReportThatIsDeliveredAgainSaysNothingOfNow() {
        for (String node : new String[] {P, R2}) {
            Story story = healthy();
            ReadinessObserved fault = story.fault(node, 1, NodeFault.DISK_FULL);
            ReadinessObserved over = story.fault(node, 1, NodeFault.NONE);
            ReadinessObserved again = story.fault(node, 1, NodeFault.DISK_FAILED);
            ReadinessObserved refused = new ReadinessObserved(
                    story.meta(node, 1, "node/" + node), false, null, null, null, NodeFault.DISK_FULL, "", 0, 0);

            story.tell(s -> refused).tell(s -> s.applied(node, 1, 1 << 30, 4096));
            story.tell(s -> fault).tell(s -> over).tell(s -> fault).tell(s -> refused);
            assertThat(shown(story)).as("an old fault").isEqualTo("publish_healthy/");

            story.tell(s -> again).tell(s -> over);
            assertThat(shown(story)).as("an old all-clear").isEqualTo("degraded/disk_failed");
        }
    }

    @Test
    void S_F10_aRoleThatWasNeverTakenIsPendingWithTheNodesReason() {
        Story story = new Story(Policy.safe())
                .tell(s -> s.assigned(R1, 1, Role.REPLICA))
                .tell(s -> s.primary(P, 1, R1))
                .tell(s -> s.fault(P, 1, NodeFault.DISK_FULL));
        assertThat(shown(story)).isEqualTo("bootstrap_pending/disk_full");

        story.tell(s -> s.applied(P, 1, 1 << 20, 4096));
        assertThat(shown(story)).isEqualTo("bootstrap_pending/awaiting_shipper_configured");
    }

    @Test
    void thePrimarysFaultIsShownBeforeAReplicasAndOfTwoReplicasTheFirsts() {
        Story story = healthy()
                .tell(s -> s.fault(R2, 1, NodeFault.DISK_FULL))
                .tell(s -> s.fault(R1, 1, NodeFault.DISK_READ_ONLY));
        assertThat(shown(story)).isEqualTo("degraded/disk_read_only");
        assertThat(story.overview().detail()).startsWith(R1 + ": ");
        story.tell(s -> s.fault(P, 1, NodeFault.DISK_FAILED));
        assertThat(shown(story)).isEqualTo("degraded/disk_failed");
    }

    @Test
    void aRebuildAndASilentPrimarySayMore() {
        Story rebuilding = healthy().tell(s -> s.rebuildWish(R1)).tell(s -> s.fault(R2, 1, NodeFault.DISK_FULL));
        assertThat(shown(rebuilding)).isEqualTo("needs_rebuild/replica_needs_rebuild");
        assertThat(rebuilding.overview().detail()).isEmpty();
        rebuilding.tell(s -> s.failed(R1, FailureReason.TRANSPORT_LOST));
        assertThat(shown(rebuilding)).as("more exact than the session's").isEqualTo("degraded/disk_full");

        Story silent = healthy().tell(s -> s.fault(R2, 1, NodeFault.DISK_FULL)).tell(Story::silence);
        assertThat(shown(silent)).isEqualTo("degraded/primary_silent");
    }

    @Test
    void aNewEpochStartsWithoutFaultsAndWhoLeftHasNone() {
        Story story = healthy().tell(s -> s.fault(R2, 1, NodeFault.DISK_FAILED)).tell(s -> s.primary(P, 2, R1, R2));
        assertThat(shown(story)).as("R2 is not in that epoch").isEqualTo("bootstrap_pending/awaiting_role_apply");
        story.tell(s -> s.assigned(R2, 2, Role.REPLICA));
        assertThat(story.view(R2).condition()).isEqualTo(NodeCondition.UNKNOWN);

        Story left = healthy().tell(s -> s.fault(R2, 1, NodeFault.DISK_FAILED)).tell(s -> s.primary(P, 1, R1));
        assertThat(shown(left)).isEqualTo("publish_healthy/");
    }

    @Test
    void S_F6_aReplicaWhoseDiskStoppedGetsNoSessionAndIsNotInSync() {
        // The sync comes before the node's own report, or after it.
        Story story = healthy().tell(s -> s.ack(R1, unrecoverable(9, FailureReason.DISK_FAILED), 1, 12));
        assertThat(story.commands).isEmpty();
        assertThat(story.session(R1).inKeepUp()).isFalse();
        assertThat(shown(story)).isEqualTo("bootstrap_pending/awaiting_replica_sync");
        story.tell(s -> s.fault(R1, 1, NodeFault.DISK_READ_ONLY));
        story.tell(s -> s.ack(R1, unrecoverable(9, FailureReason.DISK_FAILED), 1, 15));
        assertThat(story.commands).isEmpty();
        assertThat(shown(story)).isEqualTo("degraded/disk_read_only");

        // when the disk is mended, the next facts decide: what it had is good
        story.tell(s -> s.fault(R1, 1, NodeFault.NONE));
        story.tell(s -> s.ack(R1, at(9), 1, 20));
        assertThat(story.only(IssueCatchUp.class).startLsn()).isEqualTo(9);
    }

    @Test
    void noSessionIsIssuedWhileThePrimaryCannotHoldAPinButWhoIsInSyncStaysSo() {
        Story story = healthy().tell(s -> s.fault(P, 1, NodeFault.DISK_READ_ONLY));
        story.tell(s -> s.ack(R1, at(9), 1, 9)).tell(s -> s.ack(R2, at(5), 1, 9));
        assertThat(story.commands).isEmpty();
        assertThat(story.session(R1).inKeepUp()).isTrue();
        assertThat(story.session(R2).inKeepUp()).isFalse();
        story.tell(s -> s.fault(P, 1, NodeFault.NONE)).tell(s -> s.ack(R2, at(5), 1, 9));
        story.only(IssueCatchUp.class);
    }

    @Test
    void P3_aRebuildThatIsDueStaysDueOverAStoppedDisk() {
        Story story = healthy().tell(s -> s.rebuildWish(R1)).tell(s -> s.failed(R1, FailureReason.DISK_FAILED));
        story.tell(s -> s.fault(R1, 1, NodeFault.DISK_FAILED)).tell(s -> s.ack(R1, at(9), 1, 9));
        assertThat(story.commands).isEmpty();
        story.tell(s -> s.rebuildWish(R1));
        assertThat(story.commands).as("a wish waits as well").isEmpty();
        story.tell(s -> s.fault(R1, 1, NodeFault.NONE)).tell(s -> s.ack(R1, at(9), 1, 9));
        story.only(IssueRebuild.class);
    }

    @Test
    void aFullDiskDoesNotStandInTheWayOfASession() {
        Story story = healthy().tell(s -> s.fault(R1, 1, NodeFault.DISK_FULL)).tell(s -> s.ack(R1, at(5), 1, 9));
        story.only(IssueCatchUp.class);
    }

    @Test
    void theReferenceKnowsNoFaultsAndNoSizesOfCopies() {
        Story story = Story.bootstrapped(Policy.reference(), R1).tell(s -> s.ack(R1, at(9), 1, 9));
        VolumeState before = story.state;
        story.tell(s -> s.fault(P, 1, NodeFault.DISK_FAILED)).tell(s -> s.applied(P, 1, 1 << 20, 512));
        assertThat(story.state).isSameAs(before);
        assertThat(story.mode()).isEqualTo("publish_healthy/");
    }
}
