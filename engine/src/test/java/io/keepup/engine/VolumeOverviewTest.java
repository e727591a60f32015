package io.keepup.engine;

import static io.keepup.engine.Story.P;
import static io.keepup.engine.Story.R1;
import static io.keepup.engine.Story.R2;
import static org.assertj.core.api.Assertions.assertThat;

import io.keepup.engine.word.Mode;
import io.keepup.engine.word.Role;
import org.junit.jupiter.api.Test;

/** The volume as a whole is what the primary of its highest epoch shows. */
class VolumeOverviewTest {

    private static VolumeOverview of(Story story) {
        return VolumeOverview.of(story.policy, story.state);
    }

    @Test
    void thePrimarysViewSpeaksForTheVolume() {
        Story story = Story.bootstrapped(Policy.safe(), R1)
                .tell(s -> s.ack(R1, 9, 9))
                .tell(s -> s.assigned(R1, 1, Role.REPLICA))
                .tell(s -> s.ready(R1, 1));

        VolumeOverview overview = of(story);

        assertThat(overview.primaryId()).isEqualTo(P);
        assertThat(overview.projection()).isEqualTo(new Projection(Mode.PUBLISH_HEALTHY, "", true));
        assertThat(overview.walHead()).isEqualTo(9);
        assertThat(overview.durableLsn()).isEqualTo(9);
        assertThat(overview.replicas()).hasSize(1);
        assertThat(overview.nodes())
                .extracting(n -> n.view().nodeId(), n -> n.projection().mode())
                .containsExactly(
                        org.assertj.core.groups.Tuple.tuple(P, Mode.PUBLISH_HEALTHY),
                        org.assertj.core.groups.Tuple.tuple(R1, Mode.REPLICA_READY));
    }

    @Test
    void withoutAPrimaryOfTheHighestEpochItIsOnlyAllocated() {
        assertThat(of(new Story(Policy.safe())).projection().mode()).isEqualTo(Mode.ALLOCATED_ONLY);

        Story story = Story.bootstrapped(Policy.safe(), R1).tell(s -> s.ack(R1, 9, 9));
        assertThat(of(story).projection().healthy()).isTrue();
        VolumeOverview between = of(story.tell(s -> s.assigned(R2, 2, Role.REPLICA)));

        assertThat(between.primaryId()).isEmpty();
        assertThat(between.epoch()).isEqualTo(2);
        assertThat(between.projection().mode()).isEqualTo(Mode.ALLOCATED_ONLY);
        assertThat(between.nodes().get(0).projection())
                .as("the fenced primary no longer passes for healthy")
                .isEqualTo(new Projection(Mode.DEGRADED, "epoch_mismatch", false));
    }

    @Test
    void itIsEqualWhileNothingVisibleChanged() {
        Story story = Story.bootstrapped(Policy.safe(), R1).tell(s -> s.ack(R1, 9, 9));
        VolumeOverview before = of(story);

        assertThat(of(story.tell(s -> s.ready(P, 1)))).isEqualTo(before);
        assertThat(of(story.tell(s -> s.barrier(10)))).isNotEqualTo(before);
    }
}
