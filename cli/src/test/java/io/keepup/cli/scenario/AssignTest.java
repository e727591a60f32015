package io.keepup.cli.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import io.keepup.cli.CommandRun;
import io.keepup.v1.RejectReason;
import io.keepup.v1.Rejected;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** {@code keepup assign} says what became of the assignment, not merely that it was said. */
@Timeout(60)
class AssignTest {

    @RegisterExtension
    final VolumeUnderTest volume = new VolumeUnderTest(8 << 20);

    private final String p = volume.node("p");
    private final String r1 = volume.node("r1");

    private CommandRun assign(Object... more) {
        return volume.command("assign", more);
    }

    @Test
    void an_assignment_that_is_admitted_shows_the_mode_it_leads_to() {
        CommandRun first = assign("--epoch", 1, "--primary", p, "--replica", r1, "--size", "8MiB");
        assertThat(first.err()).isEmpty();
        assertThat(first.exit()).isZero();
        assertThat(first.out().lines())
                .containsExactly(
                        r1 + " is replica of " + volume.id() + " from epoch 1",
                        p + " is primary of " + volume.id() + " from epoch 1",
                        volume.id() + ": bootstrap_pending (awaiting_role_apply)");

        // the same again says nothing new, and is no error
        CommandRun again = assign("--epoch", 1, "--primary", p, "--replica", r1);
        assertThat(again.exit()).isZero();
        assertThat(again.out()).isEqualTo(first.out());

        // a node that leaves, and a volume without replicas
        CommandRun alone = assign("--epoch", 2, "--primary", r1, "--none", p);
        assertThat(alone.exit()).as(alone.err()).isZero();
        assertThat(alone.out()).endsWith(volume.id() + ": allocated_only (allocated_only)" + System.lineSeparator());
        assertThat(volume.rejected()).isEmpty();
    }

    @Test
    void an_assignment_that_is_refused_gives_the_reason_and_fails() {
        assertThat(assign("--epoch", 3, "--primary", p, "--replica", r1).exit()).isZero();

        CommandRun second = assign("--epoch", 3, "--primary", volume.node("q"));

        assertThat(second.exit()).isOne();
        assertThat(second.out()).isEmpty();
        assertThat(second.err())
                .contains(volume.node("q") + " as primary of " + volume.id() + " was refused, conflicting_assignment: ")
                .contains(p + " already is primary in epoch 3")
                .doesNotContain("\n");
        volume.settle();
        assertThat(volume.rejected()).extracting(Rejected::getReason).contains(RejectReason.conflicting_assignment);
        assertThat(volume.projection().getPrimaryId()).isEqualTo(p);
    }
}
