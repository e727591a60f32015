package io.keepup.cli.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import io.keepup.cli.rig.SessionLog;
import io.keepup.schemas.topic.Topics;
import io.keepup.v1.SessionCompleted;
import io.keepup.v1.SessionKind;
import io.keepup.v1.SessionProgress;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A rebuild of some size; {@code -Dkeepup.r2.size=1073741824} for the whole scenario's. */
@Timeout(300)
class LargeRebuildTest {

    private static final long SIZE = Long.getLong("keepup.r2.size", 128L << 20);
    private static final int WRITES = 5_000;

    @RegisterExtension
    final VolumeUnderTest volume = new VolumeUnderTest(SIZE).with("node.base.chunk.bytes", "1048576");

    private final String p = volume.node("p");
    private final String r1 = volume.node("r1");
    private final String r2 = volume.node("r2");

    @Test
    void S_R2_a_half_filled_volume_is_rebuilt_under_5000_writes_spread_over_it() {
        volume.bootstrap(p, r1);
        volume.awaitHealthyAt(volume.fillHalf(p));
        volume.trimAll(p);
        Network.slow(Topics.base(volume.id()), Duration.ofMillis(100));
        volume.assign(2, p, r1, r2);
        volume.start(r2);
        SessionLog.Session session = volume.awaitRunning(r2, SessionKind.rebuild, 0);

        // when it cannot get to the end of its base before all is written
        Network.hold(r2, Topics.base(volume.id()));
        long head = volume.burst(p, WRITES);
        assertThat(volume.seen().values(SessionCompleted.class)).isEmpty();
        Network.fast(Topics.base(volume.id()));
        Network.bring(r2, Topics.base(volume.id()));
        volume.awaitCompleted(r2, SessionKind.rebuild, 0);

        // then it has everything, and knows what it took
        SessionCompleted done = volume.seen().values(SessionCompleted.class).get(0);
        assertThat(done.getAchievedLsn()).isGreaterThanOrEqualTo(head);
        assertThat(done.getBaseBytes()).isPositive();
        assertThat(done.getZeroBytes()).isPositive();
        assertThat(done.getSkippedBlocks()).isPositive();
        assertThat(done.getBaseBytes() + done.getZeroBytes() + done.getSkippedBlocks() * VolumeUnderTest.BLOCK)
                .isEqualTo(SIZE);
        assertThat(volume.seen().values(SessionProgress.class, e -> e.getSessionId() == session.id()))
                .allMatch(e -> e.getBaseBlocksDone() <= e.getBaseBlocksTotal());
        System.out.printf("R2: %d MiB rebuilt under %d writes in %d ms%n", SIZE >> 20, WRITES, done.getDurationMs());
        volume.awaitHealthyAt(head);
        volume.assertEqualCopies(p, r1, r2);
    }
}
