package io.keepup.engine;

import static io.keepup.engine.RejectReason.NOT_PRIMARY;
import static io.keepup.engine.RejectReason.STALE_SYNC;
import static io.keepup.engine.Story.P;
import static io.keepup.engine.Story.R1;
import static io.keepup.engine.Story.R2;
import static io.keepup.engine.Story.at;
import static org.assertj.core.api.Assertions.assertThat;

import io.keepup.engine.message.Event.PrimarySilent;
import io.keepup.engine.state.VolumeState;
import io.keepup.engine.word.FailureReason;
import io.keepup.engine.word.Role;
import org.junit.jupiter.api.Test;

/** A primary that the watchdog misses does not pass for healthy on what it said last [invariant 6]. */
class SilenceTest {

    private static final String SILENT = "degraded/primary_silent";

    /** Everything well: two replicas in keep-up at 9, all of it proven. */
    private static Story healthy() {
        Story story = Story.bootstrapped(Policy.safe(), R1, R2)
                .tell(s -> s.assigned(R1, 1, Role.REPLICA))
                .tell(s -> s.ack(R1, at(9), 1, 9))
                .tell(s -> s.ack(R2, at(9), 1, 9));
        assertThat(story.projection.healthy()).isTrue();
        return story;
    }

    @Test
    void Q4_aHealthyVolumeWhosePrimaryIsSilentIsDegraded() {
        Story story = healthy().tell(Story::silence);

        assertThat(story.mode()).isEqualTo(SILENT);
        assertThat(story.projection.healthy()).isFalse();
        assertThat(story.commands).isEmpty();
        assertThat(VolumeOverview.of(story.policy, story.state).projection()).isEqualTo(story.projection);
    }

    @Test
    void Q4_whateverThePrimaryItselfSaysTakesItBack() {
        assertThat(healthy()
                        .tell(Story::silence)
                        .tell(s -> s.ack(R1, at(9), 1, 9))
                        .mode())
                .isEqualTo("publish_healthy/");
        assertThat(healthy().tell(Story::silence).tell(s -> s.ready(P, 1)).mode())
                .isEqualTo("publish_healthy/");
        assertThat(healthy().tell(Story::silence).tell(s -> s.barrier(9)).mode())
                .isEqualTo("publish_healthy/");
        Story heardNoReplica = healthy().tell(Story::silence).tell(s -> s.ack(R1, Story.timedOut(), 1, 9));
        assertThat(heardNoReplica.mode()).isEqualTo("bootstrap_pending/awaiting_replica_sync");
        assertThat(healthy()
                        .tell(Story::silence)
                        .tell(s -> s.primary(R2, 2, R1))
                        .mode())
                .as("another primary")
                .isEqualTo("bootstrap_pending/awaiting_role_apply");
    }

    @Test
    void Q4_whatOthersSayDoesNotTakeItBack() {
        assertThat(healthy()
                        .tell(Story::silence)
                        .tell(s -> s.ready(R1, 1))
                        .view(P)
                        .silent())
                .isTrue();
        Story wished = healthy().tell(Story::silence).tell(s -> s.rebuildWish(R1));
        assertThat(wished.mode()).as("worse still").isEqualTo("needs_rebuild/replica_needs_rebuild");
        wished.tell(s -> s.progress(R1, 5, 50)).tell(s -> s.completed(R1));
        assertThat(wished.mode()).isEqualTo(SILENT);
    }

    @Test
    void Q4_itIsMoreThanAFailedSessionAndLessThanARebuild() {
        Story story = Story.bootstrapped(Policy.safe(), R1, R2)
                .tell(s -> s.ack(R1, 5, 9))
                .tell(Story::silence);
        assertThat(story.mode()).as("a catch-up").isEqualTo(SILENT);
        story.tell(s -> s.failed(R1, FailureReason.TRANSPORT_LOST));
        assertThat(story.mode()).isEqualTo(SILENT);
        story.tell(s -> s.ack(R2, 0, 9)); // by the primary
        assertThat(story.mode()).isEqualTo("degraded/transport_lost");
    }

    @Test
    void G5_aSilenceThatIsOverIsNoNews() {
        Story story = healthy();
        PrimarySilent late = story.silence();
        story.tell(s -> s.ack(R1, at(9), 1, 9));
        story.refuse(STALE_SYNC, late);
        assertThat(story.projection.healthy()).isTrue();
    }

    @Test
    void G8_toldTwiceItSaysNothingNew() {
        Story story = healthy().tell(Story::silence);
        VolumeState before = story.state;
        story.tell(Story::silence);
        assertThat(story.state).isSameAs(before);
        assertThat(story.mode()).isEqualTo(SILENT);
    }

    @Test
    void G9_onlyAPrimaryIsMissed() {
        Story story = healthy();
        story.refuse(NOT_PRIMARY, new PrimarySilent(story.meta(R1, 1, "watchdog"), 0));
    }

    @Test
    void Q4_theReferenceMissesNobody() {
        Story story = Story.bootstrapped(Policy.reference(), R1).tell(s -> s.ack(R1, at(9), 1, 9));
        VolumeState before = story.state;
        story.tell(Story::silence);
        assertThat(story.state).isSameAs(before);
        assertThat(story.mode()).isEqualTo("publish_healthy/");
    }
}
