package io.keepup.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.keepup.node.fixture.Nodes;
import io.keepup.node.fixture.PlayedEngine;
import io.keepup.node.fixture.TestCluster;
import io.keepup.schemas.codec.CloudEventHeaders;
import io.keepup.v1.AckKind;
import io.keepup.v1.ApplyRole;
import io.keepup.v1.BarrierConfirmed;
import io.keepup.v1.ConfigureShipper;
import io.keepup.v1.ReadinessObserved;
import io.keepup.v1.ReplicaEndpoint;
import io.keepup.v1.Role;
import io.keepup.v1.StartReceiver;
import io.keepup.v1.SyncAckReceived;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class BootstrapTest {

    private static final long SIZE = 8 << 20;

    @TempDir
    Path directory;

    private final String volumeId = TestCluster.get().name("boot");
    private final String p = TestCluster.get().name("vs-p");
    private final String r = TestCluster.get().name("vs-r");
    private PlayedEngine engine;
    private Nodes nodes;

    @BeforeEach
    void start() {
        engine = new PlayedEngine(volumeId);
        nodes = new Nodes(directory);
        nodes.start(p);
        nodes.start(r);
        engine.makePrimary(p, 1, SIZE, r);
        engine.makeReplica(r, 1, SIZE);
    }

    @AfterEach
    void stop() {
        nodes.close();
        engine.close();
    }

    private void awaitGate(String nodeId, Predicate<ReadinessObserved> gate) {
        engine.await1(ReadinessObserved.class, e -> e.getMeta().getNodeId().equals(nodeId) && gate.test(e));
    }

    private void awaitConnected() {
        awaitGate(p, e -> Boolean.TRUE.equals(e.getShipperConnected()));
        awaitGate(r, e -> Boolean.TRUE.equals(e.getReceiverReady()));
    }

    @Test
    void every_gate_is_passed_and_said_in_the_words_of_the_protocol() {
        awaitGate(p, e -> Boolean.TRUE.equals(e.getRoleApplied()));
        awaitGate(p, e -> Boolean.TRUE.equals(e.getShipperConfigured()));
        awaitGate(p, e -> Boolean.TRUE.equals(e.getShipperConnected()));
        awaitGate(r, e -> Boolean.TRUE.equals(e.getRoleApplied()));
        awaitGate(r, e -> Boolean.TRUE.equals(e.getReceiverReady()));

        assertThat(engine.events(ReadinessObserved.class)).allSatisfy(e -> {
            assertThat(e.getMeta().getEpoch()).isEqualTo(1);
            assertThat(e.getMeta().getSource()).isEqualTo("node/" + e.getMeta().getNodeId());
        });
        assertThat(engine.raw()).allSatisfy(record -> {
            assertThat(PlayedEngine.header(record, CloudEventHeaders.TYPE)).startsWith("io.keepup.v1.");
            assertThat(PlayedEngine.header(record, CloudEventHeaders.SPEC_VERSION))
                    .isEqualTo("1.0");
        });
        assertThat(engine.raw().stream().map(rec -> PlayedEngine.header(rec, CloudEventHeaders.ID)))
                .doesNotHaveDuplicates();
    }

    @Test
    void what_belongs_to_a_role_and_comes_before_it_is_done_after_it() {
        awaitConnected();
        ConfigureShipper configure =
                new ConfigureShipper(engine.meta(r, 2), List.of(new ReplicaEndpoint(p, "127.0.0.1:1", "")), 1);
        engine.send(r, configure);
        engine.send(r, new StartReceiver(engine.meta(r, 1), 1)); // of the role it has: not held up
        await().atMost(PlayedEngine.LIMIT)
                .until(() -> engine.events(ReadinessObserved.class).stream()
                                .filter(e -> Boolean.TRUE.equals(e.getReceiverReady()))
                                .count()
                        == 2);
        engine.send(p, new StartReceiver(engine.meta(p, 2), 1));
        engine.send(p, new ApplyRole(engine.meta(p, 2), Role.replica, SIZE, 4096, 1));
        engine.send(r, new ApplyRole(engine.meta(r, 2), Role.primary, SIZE, 4096, 1));

        awaitGate(r, e -> e.getMeta().getEpoch() == 2 && Boolean.TRUE.equals(e.getShipperConnected()));
        awaitGate(p, e -> e.getMeta().getEpoch() == 2 && Boolean.TRUE.equals(e.getReceiverReady()));
        long head = Nodes.writeRandom(nodes.volume(r, volumeId), new Random(1), 10);
        nodes.awaitApplied(p, volumeId, head);
    }

    @Test
    void writes_are_shipped_applied_answered_and_confirmed_by_a_barrier() {
        awaitConnected();
        var primary = nodes.volume(p, volumeId);
        long head = Nodes.writeRandom(primary, new Random(1), 500);
        long last = primary.trim(3, 20);
        primary.awaitDurable(last);
        nodes.awaitApplied(r, volumeId, last);

        assertThat(last).isEqualTo(head + 1);
        assertThat(nodes.volume(r, volumeId).digest()).isEqualTo(primary.digest());
        SyncAckReceived ack = engine.ack(r, e -> e.getAck().getAppliedLsn() == last);
        assertThat(ack.getAck().getAckKind()).isEqualTo(AckKind.quorum);
        assertThat(ack.getAck().getDurableLsn()).isEqualTo(last);
        assertThat(ack.getAck().getRecoverable()).isTrue();
        assertThat(ack.getAck().getAppliedEpoch()).isEqualTo(1);
        assertThat(ack.getPrimaryEpochAtApplied()).isEqualTo(1);
        assertThat(ack.getPrimaryWalTail()).isEqualTo(1);
        assertThat(ack.getPrimaryWalHead()).isLessThanOrEqualTo(last);
        engine.await1(BarrierConfirmed.class, e -> e.getDurableLsn() == last);
    }

    @Test
    void sync_ids_rise_and_unchanged_facts_are_not_repeated() {
        awaitConnected();
        engine.ack(r, e -> true);
        // Ten rounds of questions later there is still one relayed fact: nothing changed.
        long asked = nodes.get(p).metrics().get(NodeCounter.SYNCS_ASKED);
        await().atMost(PlayedEngine.LIMIT)
                .until(() -> nodes.get(p).metrics().get(NodeCounter.SYNCS_ASKED) > asked + 10);
        long quiet = engine.events(SyncAckReceived.class).size();
        assertThat(quiet).isLessThanOrEqualTo(3);
        Nodes.writeRandom(nodes.volume(p, volumeId), new Random(2), 3);
        engine.ack(r, e -> e.getAck().getAppliedLsn() == 3);
        List<Long> ids = engine.events(SyncAckReceived.class).stream()
                .map(SyncAckReceived::getSyncId)
                .toList();
        assertThat(ids).isSorted().doesNotHaveDuplicates();
    }

    @Test
    void a_quorum_write_is_acknowledged_by_the_barrier_and_not_without_its_replica() {
        awaitConnected();
        var primary = nodes.volume(p, volumeId);
        long lsn = Nodes.writeRandom(primary, new Random(3), 1);
        assertThat(primary.awaitBarrier(lsn, Duration.ofSeconds(10))).isTrue();

        nodes.stop(r);
        long alone = Nodes.writeRandom(primary, new Random(4), 1);
        assertThat(primary.awaitBarrier(alone, Duration.ofMillis(500))).isFalse();
        engine.ack(r, e -> e.getAck().getAckKind() == AckKind.timed_out);
    }
}
