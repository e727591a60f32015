package io.keepup.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.keepup.node.fixture.Nodes;
import io.keepup.node.fixture.PlayedEngine;
import io.keepup.node.fixture.TestCluster;
import io.keepup.node.hosting.HostedVolume;
import io.keepup.v1.FailureReason;
import io.keepup.v1.ReadinessObserved;
import io.keepup.v1.SessionCause;
import io.keepup.v1.SyncAckReceived;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** R10: an old primary comes back with a tail that nobody else has, into the epoch of a promoted replica. */
@Timeout(60)
class DivergenceTest {

    private static final long SIZE = 8 << 20;

    @TempDir
    Path directory;

    private final String volumeId = TestCluster.get().name("div");
    private final String old = TestCluster.get().name("vs-old");
    private final String promoted = TestCluster.get().name("vs-new");
    private PlayedEngine engine;
    private Nodes nodes;
    private HostedVolume primary;
    private long common;

    /** The old primary has LSN common + 1 of epoch 1, the promoted replica another one of epoch 2. */
    @BeforeEach
    void failOver() {
        engine = new PlayedEngine(volumeId);
        nodes = new Nodes(directory);
        nodes.start(old);
        nodes.start(promoted);
        engine.makePrimary(old, 1, SIZE, promoted);
        engine.makeReplica(promoted, 1, SIZE);
        awaitConnected(1);
        awaitReceiver(promoted, 1);
        common = Nodes.writeRandom(nodes.volume(old, volumeId), new Random(1), 100);
        nodes.awaitApplied(promoted, volumeId, common);
        nodes.stop(promoted);
        Nodes.writeRandom(nodes.volume(old, volumeId), new Random(2), 1);
        nodes.stop(old);

        nodes.start(promoted);
        engine.makePrimary(promoted, 2, SIZE, old);
        awaitConnected(2);
        primary = nodes.volume(promoted, volumeId);
        Nodes.writeRandom(primary, new Random(3), 1);
        awaitShipped();
    }

    @AfterEach
    void stop() {
        nodes.close();
        engine.close();
    }

    private void awaitConnected(long epoch) {
        engine.await1(
                ReadinessObserved.class,
                e -> e.getMeta().getEpoch() == epoch && Boolean.TRUE.equals(e.getShipperConnected()));
    }

    private void awaitReceiver(String node, long epoch) {
        engine.await1(
                ReadinessObserved.class,
                e -> e.getMeta().getNodeId().equals(node)
                        && e.getMeta().getEpoch() == epoch
                        && Boolean.TRUE.equals(e.getReceiverReady()));
    }

    private void awaitShipped() {
        await().atMost(PlayedEngine.LIMIT)
                .until(() -> primary.status().shippedLsn() == primary.status().appliedLsn());
    }

    private void rejoin() {
        nodes.start(old);
        engine.makeReplica(old, 2, SIZE);
        awaitReceiver(old, 2);
    }

    @Test
    void S_R10_the_live_lane_applies_nothing_on_top_of_another_history() {
        rejoin();
        Nodes.writeRandom(primary, new Random(4), 5);
        await().atMost(PlayedEngine.LIMIT).until(() -> nodes.get(old).metrics().get(NodeCounter.WAL_GAPS) > 0);
        SyncAckReceived facts = engine.ack(
                old,
                e -> e.getPrimaryWalHead() == common + 6 && e.getAck().getAckKind() == io.keepup.v1.AckKind.quorum);
        assertThat(facts.getAck().getAppliedLsn()).isEqualTo(common + 1);
        assertThat(facts.getAck().getAppliedEpoch()).isEqualTo(1);
        assertThat(facts.getPrimaryEpochAtApplied()).isEqualTo(2);
        assertThat(primary.status().barrierLsn()).isZero();

        engine.rebuild(old, promoted, 2, 1, common + 6, SessionCause.diverged);
        engine.completed(1);
        Nodes.writeRandom(primary, new Random(5), 5);
        nodes.awaitApplied(old, volumeId, common + 11);
        assertThat(nodes.volume(old, volumeId).digest()).isEqualTo(primary.digest());
    }

    @Test
    void S_R10_a_catch_up_from_another_history_fails_with_nothing_applied() {
        Nodes.writeRandom(primary, new Random(4), 5);
        awaitShipped();
        rejoin();
        SyncAckReceived facts = engine.ack(old, e -> e.getAck().getAppliedLsn() == common + 1);
        engine.catchUp(old, promoted, 2, 1, facts); // a decision made without knowing the epochs
        assertThat(engine.failed(1).getReason()).isEqualTo(FailureReason.epoch_mismatch);
        assertThat(nodes.volume(old, volumeId).status().appliedLsn()).isEqualTo(common + 1);
    }
}
