package io.keepup.cli.scenario;

import static io.keepup.cli.scenario.VolumeUnderTest.waitFor;
import static org.assertj.core.api.Assertions.assertThat;

import io.keepup.cli.rig.SessionLog;
import io.keepup.node.NodeCounter;
import io.keepup.schemas.topic.Topics;
import io.keepup.v1.AckKind;
import io.keepup.v1.CancelSession;
import io.keepup.v1.FailureReason;
import io.keepup.v1.Mode;
import io.keepup.v1.RejectReason;
import io.keepup.v1.SessionCompleted;
import io.keepup.v1.SessionFailed;
import io.keepup.v1.SessionKind;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A node that nothing reaches and nothing leaves, in the middle of a rebuild. */
@Timeout(120)
class SilenceTest {

    @RegisterExtension
    final VolumeUnderTest volume = new VolumeUnderTest(8 << 20);

    private final String p = volume.node("p");
    private final String r1 = volume.node("r1");
    private final String r2 = volume.node("r2");

    @Test
    void S_R8_a_replica_that_goes_silent_in_a_session_is_failed_by_the_watchdog_and_rebuilt_when_it_is_back() {
        // given a rebuild under way
        volume.bootstrap(p, r1, r2);
        volume.awaitHealthyAt(volume.fillHalf(p));
        volume.stop(r2);
        volume.burst(p, 50);
        volume.trimAll(p);
        Network.slow(Topics.base(volume.id()), Duration.ofMillis(50));
        volume.start(r2);
        SessionLog.Session first = volume.awaitRunning(r2, SessionKind.rebuild, 0);

        // when its replica goes silent
        Network.cut(r2);

        // then the watchdog ends the session, both are told, the pin goes, and nothing passes for a success
        volume.awaitReason("progress_stalled");
        assertThat(volume.projection().getMode()).isEqualTo(Mode.degraded);
        assertThat(volume.seen().values(SessionFailed.class)).singleElement().satisfies(e -> {
            assertThat(e.getMeta().getSource()).isEqualTo("watchdog");
            assertThat(e.getSessionId()).isEqualTo(first.id());
            assertThat(e.getReason()).isEqualTo(FailureReason.progress_stalled);
        });
        volume.awaitWatch(
                "both to be told",
                w -> volume.seen().values(CancelSession.class).size() == 2);
        waitFor("no pin").until(() -> volume.status(p).pins().isEmpty());
        assertThat(volume.counter(p, NodeCounter.PINS_RELEASED)).isOne();
        volume.awaitProjection(
                "the silence to be heard",
                v -> VolumeUnderTest.replica(v, r2).getLastSyncAck().getAckKind() == AckKind.timed_out);
        long head = volume.burst(p, 50);
        volume.awaitProjection("a proof by the other two", v -> v.getDurableLsn() >= head);
        assertThat(volume.projection().getMode()).isEqualTo(Mode.degraded);
        assertThat(volume.sessions()).as("no decision from silence").hasSize(1);
        assertThat(volume.seen().values(SessionCompleted.class)).isEmpty();

        // when it is back, whatever it says of that session is too late, and its facts lead to another rebuild
        Network.fast(Topics.base(volume.id()));
        Network.mend(r2);
        SessionLog.Session second = volume.awaitCompleted(r2, SessionKind.rebuild, 1);
        assertThat(second.id()).isGreaterThan(first.id());
        volume.awaitHealthyAt(head);
        assertThat(volume.rejected()).isNotEmpty().allMatch(r -> r.getReason() == RejectReason.stale_session);
        assertThat(volume.sessions()).hasSize(2);
        waitFor("no pin").until(() -> volume.status(p).pins().isEmpty());
        assertThat(volume.counter(p, NodeCounter.PINS_TAKEN)).isEqualTo(2);
        assertThat(volume.counter(p, NodeCounter.PINS_RELEASED)).isEqualTo(2);
        assertThat(List.of(volume.counter(p, NodeCounter.PINS_BROKEN))).containsExactly(0L);
        volume.assertEqualCopies(p, r1, r2);
    }
}
