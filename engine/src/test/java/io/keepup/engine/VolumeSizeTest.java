package io.keepup.engine;

import static io.keepup.engine.RejectReason.CONFLICTING_ASSIGNMENT;
import static io.keepup.engine.RejectReason.INVALID_FACTS;
import static io.keepup.engine.Story.P;
import static io.keepup.engine.Story.R1;
import static io.keepup.engine.Story.R2;
import static org.assertj.core.api.Assertions.assertThat;

import io.keepup.engine.message.Command.ApplyRole;
import io.keepup.engine.word.NodeFault;
import io.keepup.engine.word.Role;
import org.junit.jupiter.api.Test;

/** [P10] A size is a proposal until a primary has taken its role; then it is that of the primary's copy. */
class VolumeSizeTest {

    private static final long MIB = 1 << 20;
    private static final long TIB = 1L << 40;

    /** p is to be primary and r1 replica of a volume of that size; neither has done anything yet. */
    private static Story proposed(long sizeBytes) {
        return new Story(Policy.safe())
                .tell(s -> s.sized(R1, 1, Role.REPLICA, sizeBytes, 0))
                .tell(s -> s.sized(P, 1, Role.PRIMARY, sizeBytes, 0));
    }

    private static void assertSize(Story story, long sizeBytes, int blockSize) {
        assertThat(story.overview().sizeBytes()).isEqualTo(sizeBytes);
        assertThat(story.overview().blockSize()).isEqualTo(blockSize);
    }

    @Test
    void S_F10_aSizeThatNoNodeCanHoldIsRefused() {
        Story story = new Story(Policy.safe());
        story.refuse(INVALID_FACTS, story.sized(P, 1, Role.PRIMARY, 100 * TIB, 0));
        story.refuse(INVALID_FACTS, story.sized(P, 1, Role.PRIMARY, 8 * TIB, 4096));
        story.tell(s -> s.sized(P, 1, Role.PRIMARY, 8 * TIB - 4096, 0));
        assertSize(story, 8 * TIB - 4096, 4096);
        story.tell(s -> s.sized(P, 2, Role.PRIMARY, 100 * TIB, 1 << 20));
        assertSize(story, 100 * TIB, 1 << 20);
    }

    @Test
    void S_F10_untilAPrimaryTookItsRoleALaterAssignmentChangesTheSizeForEveryMember() {
        Story story = proposed(4 * TIB);
        story.tell(s -> s.applied(R1, 1, 4 * TIB, 4096));
        story.tell(s -> s.fault(P, 1, NodeFault.SIZE_UNSUPPORTED));

        // in the same epoch: the member that is not named by the event is told too
        story.tell(s -> s.sized(P, 1, Role.PRIMARY, MIB, 0));
        assertThat(story.commandNames()).containsExactly("ApplyRole", "ApplyRole", "StartReceiver");
        assertThat(story.commands).extracting(c -> c.origin().nodeId()).containsExactly(P, R1, R1);
        assertThat(((ApplyRole) story.commands.get(1)).sizeBytes()).isEqualTo(MIB);
        story.tell(s -> s.sized(R1, 1, Role.REPLICA, MIB, 0));
        assertThat(story.commands).as("nothing new").isEmpty();
        assertSize(story, MIB, 4096);

        // in a later one
        story.tell(s -> s.sized(P, 2, Role.PRIMARY, 2 * MIB, 512));
        assertThat(story.only(ApplyRole.class).sizeBytes()).isEqualTo(2 * MIB);
        assertSize(story, 2 * MIB, 512);

        // not any more
        story.tell(s -> s.gates(P, 2, true, null, null, null));
        story.refuse(CONFLICTING_ASSIGNMENT, story.sized(P, 3, Role.PRIMARY, MIB, 0));
        story.refuse(CONFLICTING_ASSIGNMENT, story.sized(P, 3, Role.PRIMARY, 2 * MIB, 4096));
        story.tell(s -> s.primary(P, 3));
        assertSize(story, 2 * MIB, 512);
    }

    @Test
    void S_F11_theSizeOfThePrimarysCopyWinsAndTheOthersAreTold() {
        Story story = new Story(Policy.safe())
                .tell(s -> s.assigned(R1, 1, Role.REPLICA))
                .tell(s -> s.assigned(R2, 1, Role.NONE))
                .tell(s -> s.primary(P, 1, R1));
        assertSize(story, 1 << 30, 4096);

        story.tell(s -> s.applied(R1, 1, 8 * MIB, 4096));
        assertSize(story, 1 << 30, 4096);
        assertThat(story.commands).isEmpty();

        story.tell(s -> s.applied(P, 1, 16 * MIB, 512));
        assertSize(story, 16 * MIB, 512);
        assertThat(story.commandNames()).containsExactly("ApplyRole", "StartReceiver");
        ApplyRole toReplica = (ApplyRole) story.commands.get(0);
        assertThat(toReplica.origin().nodeId()).isEqualTo(R1);
        assertThat(toReplica.role()).isEqualTo(Role.REPLICA);
        assertThat(toReplica.sizeBytes()).isEqualTo(16 * MIB);
        assertThat(toReplica.blockSize()).isEqualTo(512);
        assertThat(story.overview().nodes())
                .extracting(n -> n.view().nodeId() + " " + n.view().condition().sizeBytes())
                .containsExactly(P + " " + 16 * MIB, R1 + " " + 8 * MIB, R2 + " 0");

        story.tell(s -> s.applied(P, 1, 16 * MIB, 512));
        assertThat(story.commands).as("once").isEmpty();
        story.refuse(CONFLICTING_ASSIGNMENT, story.sized(P, 2, Role.PRIMARY, 1 << 30, 0));
    }

    @Test
    void S_F11_aLaterPrimarysCopyHasTheLastWord() {
        Story story = proposed(16 * MIB)
                .tell(s -> s.applied(P, 1, 16 * MIB, 4096))
                .tell(s -> s.primary(R1, 2, P))
                .tell(s -> s.applied(R1, 2, 32 * MIB, 4096));
        assertSize(story, 32 * MIB, 4096);
        story.refuse(RejectReason.STALE_EPOCH, story.applied(P, 1, 16 * MIB, 4096));
        assertSize(story, 32 * MIB, 4096);
    }

    @Test
    void G7_aCopyOfAnImpossibleSizeIsNoFact() {
        Story story = proposed(MIB);
        story.refuse(INVALID_FACTS, story.applied(P, 1, -4096, 4096));
        story.refuse(INVALID_FACTS, story.applied(P, 1, MIB, 4095));
        story.refuse(INVALID_FACTS, story.applied(P, 1, MIB + 1, 4096));
        story.refuse(INVALID_FACTS, story.applied(P, 1, 100 * TIB, 4096));
    }

    @Test
    void theReferenceKeepsTheSizeOfTheFirstAssignment() {
        Story story = new Story(Policy.reference()).tell(s -> s.sized(P, 1, Role.PRIMARY, MIB, 0));
        story.refuse(CONFLICTING_ASSIGNMENT, story.sized(P, 2, Role.PRIMARY, 2 * MIB, 0));
        story.tell(s -> s.applied(P, 1, 16 * MIB, 4096));
        assertSize(story, MIB, 4096);
    }
}
