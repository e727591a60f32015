package io.keepup.cli.scenario;

import static io.keepup.cli.scenario.VolumeUnderTest.waitFor;
import static org.assertj.core.api.Assertions.assertThat;

import io.keepup.cli.BlockClient;
import io.keepup.cli.rig.SessionLog;
import io.keepup.cli.rig.Workload;
import io.keepup.node.NodeCounter;
import io.keepup.node.hosting.HostedStatus;
import io.keepup.node.hosting.HostedStatus.PinStatus;
import io.keepup.schemas.topic.Topics;
import io.keepup.v1.CancelSession;
import io.keepup.v1.FailureReason;
import io.keepup.v1.Mode;
import io.keepup.v1.RejectReason;
import io.keepup.v1.SessionFailed;
import io.keepup.v1.SessionKind;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A rebuild whose replica takes no WAL while writes go on, on a primary with little room for WAL [N4]. */
@Timeout(120)
class PressureTest {

    private static final long RETAINED = 700_000;
    private static final long LIMIT = 3_000_000;

    @RegisterExtension
    final VolumeUnderTest volume = new VolumeUnderTest(8 << 20)
            .with("node.wal.retain.bytes", String.valueOf(RETAINED))
            .with("node.wal.limit.bytes", String.valueOf(LIMIT));

    private final String p = volume.node("p");
    private final String r1 = volume.node("r1");
    private final String r2 = volume.node("r2");

    /** A rebuild under way that holds all WAL from its base on. */
    @BeforeEach
    void a_rebuild_that_gets_no_WAL() {
        volume.bootstrap(p, r1, r2);
        volume.awaitHealthyAt(volume.fillHalf(p));
        volume.stop(r2);
        volume.burst(p, 50);
        volume.trimAll(p, r1);
        Network.slow(Topics.base(volume.id()), Duration.ofMillis(100));
        Network.hold(r2, Topics.wal(volume.id()));
        volume.start(r2);
        volume.awaitRunning(r2, SessionKind.rebuild, 0);
    }

    @Test
    void S_V10_WAL_pressure_ends_the_session_with_a_reason_and_loses_nothing_early() throws Exception {
        long base = volume.status(p).pins().get(0).lsn();
        try (BlockClient client = volume.client(p);
                Workload workload = volume.workload(client)) {
            // when writes go on
            workload.begin();

            // then nothing is lost while the pin stands, and writers are slowed before it breaks
            AtomicBoolean slowed = new AtomicBoolean();
            waitFor("the pin to break").until(() -> {
                slowed.compareAndSet(false, volume.on(p).pressure().isPositive());
                HostedStatus now = volume.status(p); // reads the tail before the pins
                if (!now.pins().isEmpty()) {
                    assertThat(now.pins()).extracting(PinStatus::lsn).containsExactly(base);
                    assertThat(now.laneTail()).as("tail under the pin").isLessThanOrEqualTo(base + 1);
                }
                return now.pins().isEmpty();
            });
            assertThat(slowed).isTrue();

            // and the session has failed, everybody is told, and the WAL is let go
            volume.awaitWatch("the failure", w -> w.sessions().get(0).outcome() != null);
            assertThat(volume.seen().values(SessionFailed.class))
                    .singleElement()
                    .satisfies(e -> {
                        assertThat(e.getReason()).isEqualTo(FailureReason.pin_lost);
                        assertThat(e.getReplicaId()).isEqualTo(r2);
                        assertThat(e.getMeta().getSource()).isEqualTo("node/" + p);
                    });
            volume.awaitWatch("both to be told", w -> cancels().size() == 2);
            assertThat(cancels()).extracting(CancelSession::getReason).containsOnly(FailureReason.pin_lost);
            volume.awaitProjection("the tail to be told", v -> v.getWalTail() > base + 1);
            assertThat(volume.projection().getMode()).isEqualTo(Mode.degraded);
            assertThat(volume.projection().getReason()).isEqualTo("pin_lost");

            // when the replica gets WAL again: its own word comes too late, and its facts lead to a rebuild
            Network.bring(r2, Topics.wal(volume.id()));
            Network.fast(Topics.base(volume.id()));
            volume.awaitWatch("its own word to be refused", w -> w.rejected()
                    .anyMatch(r -> r.getReason() == RejectReason.stale_session));
            SessionLog.Session second = volume.awaitCompleted(r2, SessionKind.rebuild, 1);
            assertThat(second.facts().getReplicaLsn()).isZero();

            // and writes went on all the time
            long before = workload.written();
            waitFor("more writes").until(() -> workload.written() > before + 10);
            workload.end();
        }
        volume.awaitHealthyAt(volume.status(p).durableLsn());
        waitFor("no pin").until(() -> volume.status(p).pins().isEmpty());
        assertThat(volume.counter(p, NodeCounter.PINS_BROKEN)).isOne();
        assertThat(volume.counter(p, NodeCounter.PINS_TAKEN)).isEqualTo(2);
        assertThat(volume.counter(p, NodeCounter.PINS_RELEASED)).isEqualTo(2);
        assertThat(volume.sessions()).hasSize(2);
        volume.assertEqualCopies(p, r1, r2);
    }

    private List<CancelSession> cancels() {
        return volume.seen().values(CancelSession.class);
    }

    @Test
    void S_V10_a_replica_that_gets_on_in_time_keeps_its_session() throws Exception {
        try (BlockClient client = volume.client(p);
                Workload workload = volume.workload(client)) {
            // given writers that are slowed because the WAL is nearly full
            workload.begin();
            waitFor("writers to be slowed").until(() -> volume.on(p).pressure().isPositive());

            // when the replica gets WAL again
            Network.bring(r2, Topics.wal(volume.id()));
            Network.fast(Topics.base(volume.id()));

            // then the session gets through, and the WAL it held goes
            volume.awaitCompleted(r2, SessionKind.rebuild, 0);
            waitFor("writers at full speed").until(() -> volume.on(p).pressure().isZero());
            workload.end();
        }
        volume.awaitHealthyAt(volume.status(p).durableLsn());
        waitFor("no pin").until(() -> volume.status(p).pins().isEmpty());
        assertThat(volume.counter(p, NodeCounter.PINS_BROKEN)).isZero();
        assertThat(volume.counter(p, NodeCounter.PINS_RELEASED)).isOne();
        assertThat(volume.seen().values(SessionFailed.class)).isEmpty();
        volume.assertEqualCopies(p, r1, r2);
    }
}
