package io.keepup.node;

import static org.assertj.core.api.Assertions.as;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.STRING;
import static org.awaitility.Awaitility.await;

import io.keepup.node.event.FaultReport;
import io.keepup.node.fixture.LaneContent;
import io.keepup.node.fixture.Nodes;
import io.keepup.node.fixture.PlayedEngine;
import io.keepup.node.fixture.TestCluster;
import io.keepup.node.hosting.HostedVolume;
import io.keepup.node.hosting.NotServedException;
import io.keepup.v1.ReadinessObserved;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A master may assign a primary that has nothing: then the lane is the last place where the volume's data is whole. */
@Timeout(60)
class EmptyPrimaryTest {

    private static final long SIZE = 4 << 20;

    @TempDir
    Path directory;

    private final String volumeId = TestCluster.get().name("empty");
    private final String old = TestCluster.get().name("vs-old");
    private final String copy = TestCluster.get().name("vs-copy");
    private final String blank = TestCluster.get().name("vs-blank");
    private PlayedEngine engine;
    private Nodes nodes;

    @BeforeEach
    void start() {
        engine = new PlayedEngine(volumeId);
        nodes = new Nodes(directory);
        nodes.start(old);
        nodes.start(copy);
        nodes.start(blank);
        engine.makePrimary(old, 1, SIZE, copy);
        engine.makeReplica(copy, 1, SIZE);
        awaitConnected(old, 1);
        awaitReceiver(copy, 1);
    }

    @AfterEach
    void stop() {
        nodes.close();
        engine.close();
    }

    private void awaitConnected(String node, long epoch) {
        engine.await1(
                ReadinessObserved.class,
                e -> e.getMeta().getNodeId().equals(node)
                        && e.getMeta().getEpoch() == epoch
                        && Boolean.TRUE.equals(e.getShipperConnected()));
    }

    private void awaitReceiver(String node, long epoch) {
        engine.await1(
                ReadinessObserved.class,
                e -> e.getMeta().getNodeId().equals(node)
                        && e.getMeta().getEpoch() == epoch
                        && Boolean.TRUE.equals(e.getReceiverReady()));
    }

    private long written() {
        long head = Nodes.writeRandom(nodes.volume(old, volumeId), new Random(1), 50);
        nodes.awaitApplied(copy, volumeId, head);
        return head;
    }

    private void awaitRefusal() {
        await("the refusal").atMost(PlayedEngine.LIMIT).untilAsserted(() -> assertThat(
                        nodes.get(blank).notServed().get(volumeId))
                .extracting(FaultReport::detail, as(STRING))
                .contains("has no data of it that counts")
                .contains("was written before epoch 2")
                .doesNotContain("\n"));
        assertThat(nodes.get(blank).metrics().get(NodeCounter.COMMANDS_FAILED)).isEqualTo(1);
    }

    private static List<Long> upTo(long last) {
        return LongStream.rangeClosed(1, last).boxed().toList();
    }

    @Test
    void a_new_node_does_not_begin_the_lane_of_a_written_volume_anew_and_who_has_the_data_can() {
        long head = written();
        nodes.stop(old);
        engine.makePrimary(blank, 2, SIZE, copy);
        awaitRefusal();
        assertThat(nodes.get(blank).volume(volumeId)).isEmpty();
        assertThat(LaneContent.lsns(volumeId, 1)).isEqualTo(upTo(head));

        // when one that has it is assigned, the refused one can be its replica
        engine.makePrimary(copy, 3, SIZE, blank);
        engine.makeReplica(blank, 3, SIZE);
        awaitConnected(copy, 3);
        awaitReceiver(blank, 3);
        await().atMost(PlayedEngine.LIMIT)
                .until(() -> LaneContent.lsns(volumeId, 3).equals(upTo(head)));
        assertThat(nodes.get(blank).notServed()).isEmpty();
        assertThat(engine.events(ReadinessObserved.class))
                .noneMatch(e -> e.getMeta().getNodeId().equals(blank)
                        && e.getMeta().getEpoch() == 2
                        && !Boolean.FALSE.equals(e.getRoleApplied()));
    }

    @Test
    void nor_does_a_replica_that_got_nothing_yet_and_it_stays_what_it_was() {
        long head = written();
        engine.makeReplica(blank, 1, SIZE); // its receiver begins at the end of the lane
        awaitReceiver(blank, 1);
        nodes.stop(old);
        engine.makePrimary(blank, 2, SIZE, copy);
        awaitRefusal();
        HostedVolume here = nodes.volume(blank, volumeId);
        assertThat(here.status().role()).isEqualTo("replica");
        assertThat(here.status().epoch()).isEqualTo(1);
        assertThatThrownBy(() -> Nodes.writeRandom(here, new Random(2), 1)).isInstanceOf(NotServedException.class);
        assertThat(LaneContent.lsns(volumeId, 1)).isEqualTo(upTo(head));
    }

    @Test
    void a_lane_that_was_trimmed_to_nothing_tells_of_data_too() {
        long head = written();
        HostedVolume primary = nodes.volume(old, volumeId);
        await().atMost(PlayedEngine.LIMIT).until(() -> primary.trimWal(head) == head + 1);
        assertThat(LaneContent.lsns(volumeId, 1)).isEmpty();
        engine.makePrimary(blank, 2, SIZE, copy);
        awaitRefusal();
    }

    @Test
    void a_volume_that_was_never_written_may_get_any_primary() {
        nodes.stop(old);
        engine.makePrimary(blank, 2, SIZE, copy);
        awaitConnected(blank, 2);
        long head = Nodes.writeRandom(nodes.volume(blank, volumeId), new Random(3), 10);
        await().atMost(PlayedEngine.LIMIT)
                .until(() -> LaneContent.lsns(volumeId, 2).equals(upTo(head)));
        assertThat(nodes.get(blank).notServed()).isEmpty();
    }
}
