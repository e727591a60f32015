package io.keepup.cli.scenario;

import static io.keepup.cli.scenario.VolumeUnderTest.waitFor;
import static org.assertj.core.api.Assertions.assertThat;

import io.keepup.cli.CommandRun;
import io.keepup.cli.rig.SessionLog;
import io.keepup.node.NodeCounter;
import io.keepup.schemas.topic.Topics;
import io.keepup.v1.CancelRequested;
import io.keepup.v1.CancelSession;
import io.keepup.v1.FailureReason;
import io.keepup.v1.IssueRebuild;
import io.keepup.v1.Meta;
import io.keepup.v1.Mode;
import io.keepup.v1.RebuildRequested;
import io.keepup.v1.RejectReason;
import io.keepup.v1.SessionCause;
import io.keepup.v1.SessionKind;
import io.keepup.v1.SessionProgress;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** An operator's wishes, spoken with the {@code keepup} command. */
@Timeout(120)
class WishTest {

    @RegisterExtension
    final VolumeUnderTest volume = new VolumeUnderTest(8 << 20);

    private final String p = volume.node("p");
    private final String r1 = volume.node("r1");

    @Test
    void S_V12_a_rebuild_wished_for_goes_the_way_of_every_session_and_is_audited() {
        // given a healthy volume, of which nobody would rebuild anything
        volume.bootstrap(p, r1);
        volume.awaitHealthyAt(volume.fillHalf(p));
        assertThat(volume.sessions()).isEmpty();

        // when an operator wishes a rebuild
        CommandRun run = keepup("rebuild", volume.id(), r1, "--why", "its disk was moved");

        // then the wish is an event, the fold's command follows from it, and its session runs like every other
        assertThat(run.err()).isEmpty();
        assertThat(run.exit()).isZero();
        assertThat(run.out()).contains(r1).contains("keepup events " + volume.id());
        SessionLog.Session session = volume.awaitCompleted(r1, SessionKind.rebuild, 0);
        assertThat(session.cause()).isEqualTo(SessionCause.operator_request);
        Seen.Entry command = volume.seen().all(IssueRebuild.class, c -> true).get(0);
        assertThat(volume.seen().event(command.causeOffset())).isInstanceOfSatisfying(RebuildRequested.class, wish -> {
            assertThat(wish.getReplicaId()).isEqualTo(r1);
            assertThat(wish.getWhy()).isEqualTo("its disk was moved");
            assertSaidByOperator(wish.getMeta());
        });
        assertThat(volume.seen().values(SessionProgress.class, e -> e.getSessionId() == session.id()))
                .isNotEmpty();
        assertThat(volume.seen().story()).contains("needs_rebuild/replica_needs_rebuild");
        volume.awaitHealthy();
        waitFor("no pin").until(() -> volume.status(p).pins().isEmpty());
        assertThat(volume.counter(p, NodeCounter.PINS_TAKEN)).isOne();
        assertThat(volume.counter(p, NodeCounter.PINS_RELEASED)).isOne();
        volume.assertEqualCopies(p, r1);

        // and whoever asks the log later finds who wished what, and why, and what came of it
        assertThat(keepup("events", volume.id()).out())
                .containsSubsequence(
                        "RebuildRequested",
                        "rebuild of " + r1 + " wished for: its disk was moved",
                        "SessionProgress",
                        r1 + " rebuild session " + session.id() + " completed");
    }

    @Test
    void S_V12_a_session_cancelled_by_an_operator_ends_once_and_the_next_facts_decide() {
        // given a rebuild that takes its time
        volume.bootstrap(p, r1);
        volume.awaitHealthyAt(volume.fillHalf(p));
        Network.slow(Topics.base(volume.id()), Duration.ofMillis(100));
        assertThat(keepup("rebuild", volume.id(), r1, "--why", "drill").exit()).isZero();
        SessionLog.Session first = volume.awaitRunning(r1, SessionKind.rebuild, 0);

        // when an operator wishes its end
        CommandRun run = keepup("cancel", volume.id() + "/" + first.id(), "--why", "wrong replica");

        // then it is over for the fold at once, both nodes are told, and the wish is on the log
        assertThat(run.err()).isEmpty();
        assertThat(run.exit()).isZero();
        volume.awaitWatch("both to be told", w -> cancels().size() == 2);
        assertThat(cancels()).allSatisfy(c -> {
            assertThat(c.getSessionId()).isEqualTo(first.id());
            assertThat(c.getReason()).isEqualTo(FailureReason.cancelled);
        });
        assertThat(volume.seen().values(CancelRequested.class)).singleElement().satisfies(wish -> {
            assertThat(wish.getWhy()).isEqualTo("wrong replica");
            assertSaidByOperator(wish.getMeta());
        });
        volume.awaitWatch("degraded", w -> volume.seen().story().contains("degraded/cancelled"));

        // and the replica's own word comes too late; its half-done data proves nothing, so the next facts rebuild it
        volume.awaitWatch("its own word to be refused", w -> w.rejected()
                .anyMatch(r -> r.getReason() == RejectReason.stale_session));
        Network.fast(Topics.base(volume.id()));
        SessionLog.Session second = volume.awaitCompleted(r1, SessionKind.rebuild, 1);
        assertThat(second.id()).isGreaterThan(first.id());
        volume.awaitHealthy();
        waitFor("no pin").until(() -> volume.status(p).pins().isEmpty());
        assertThat(volume.counter(p, NodeCounter.PINS_TAKEN)).isEqualTo(2);
        assertThat(volume.counter(p, NodeCounter.PINS_RELEASED)).isEqualTo(2);
        volume.assertEqualCopies(p, r1);

        // and once it is over, there is nothing to cancel
        CommandRun again = keepup("cancel", volume.id() + "/" + first.id(), "--why", "again");
        assertThat(again.exit()).isOne();
        assertThat(again.err()).contains("has no live session " + first.id());
        assertThat(volume.projection().getMode()).isEqualTo(Mode.publish_healthy);
    }

    private CommandRun keepup(Object... arguments) {
        return CommandRun.on(volume.cluster().options(), arguments);
    }

    private List<CancelSession> cancels() {
        return volume.seen().values(CancelSession.class);
    }

    private static void assertSaidByOperator(Meta meta) {
        assertThat(meta.getSource()).startsWith("operator/");
        assertThat(meta.getEpoch()).isOne();
    }
}
