package io.keepup.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.keepup.node.event.FaultReport;
import io.keepup.node.fixture.Nodes;
import io.keepup.node.fixture.PlayedEngine;
import io.keepup.node.fixture.TestCluster;
import io.keepup.v1.NodeFault;
import io.keepup.v1.ReadinessObserved;
import io.keepup.volume.Volume;
import io.keepup.volume.VolumeSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A node whose disk was lost or cleared: executed commands are not sent again, so it looks up what it was last told. */
@Timeout(60)
class LostVolumeTest {

    private static final long SIZE = 4 << 20;

    @TempDir
    Path directory;

    private final String volumeId = TestCluster.get().name("lost");
    private final String id = TestCluster.get().name("vs-l");
    private PlayedEngine engine;
    private Nodes nodes;

    @BeforeEach
    void start() {
        engine = new PlayedEngine(volumeId);
        nodes = new Nodes(directory);
        nodes.start(id);
    }

    @AfterEach
    void stop() {
        nodes.close();
        engine.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "volumes"})
    void a_replica_makes_its_volume_again_in_its_newest_role(String lost) throws IOException {
        // given a replica in its second epoch, whose commands are all executed
        engine.makeReplica(id, 1, SIZE);
        engine.makeReplica(id, 2, SIZE);
        awaitReceivers(1, 2);
        nodes.stop(id);

        // when its directory, or all its volumes, are gone
        delete(directory.resolve(id).resolve(lost));
        nodes.start(id);

        // then it has the volume again, empty, in the epoch it was told last
        awaitReceivers(2, 2);
        var status = nodes.volume(id, volumeId).status();
        assertThat(status.role()).isEqualTo("replica");
        assertThat(status.epoch()).isEqualTo(2);
        assertThat(status.sizeBytes()).isEqualTo(SIZE);
        assertThat(status.appliedLsn()).isZero();
        assertThat(status.recoverable()).isTrue();
    }

    @Test
    void a_primary_does_not_serve_an_empty_volume_in_place_of_the_lost_one() throws IOException {
        engine.makePrimary(id, 1, SIZE);
        nodes.volume(id, volumeId);
        engine.await1(ReadinessObserved.class, e -> Boolean.TRUE.equals(e.getRoleApplied()));
        nodes.stop(id);
        delete(directory.resolve(id));
        nodes.start(id);
        await("the refusal").atMost(PlayedEngine.LIMIT).untilAsserted(() -> assertThat(
                        nodes.get(id).notServed().get(volumeId))
                .isEqualTo(new FaultReport(
                        NodeFault.data_missing,
                        "this node is its primary, but its data is gone: assign another primary")));
        assertThat(nodes.get(id).volume(volumeId)).isEmpty();

        // when another is assigned, this one is its replica without a restart
        engine.makeReplica(id, 2, SIZE);
        awaitReceivers(1, 2);
        assertThat(nodes.get(id).notServed()).isEmpty();
    }

    @Test
    void a_node_that_stopped_before_it_had_looked_up_what_it_lost_looks_it_up_at_its_next_start() throws IOException {
        engine.makeReplica(id, 1, SIZE);
        awaitReceivers(1, 1);
        nodes.stop(id);
        delete(directory.resolve(id));
        NodeDirectory.claim(directory.resolve(id)).close(); // as far as it got
        nodes.start(id);
        awaitReceivers(2, 1);
        assertThat(nodes.volume(id, volumeId).status().role()).isEqualTo("replica");
    }

    @Test
    void a_node_that_stopped_while_it_made_its_lost_volume_again_gives_it_its_role_at_its_next_start()
            throws IOException {
        engine.makeReplica(id, 1, SIZE);
        awaitReceivers(1, 1);
        nodes.stop(id);
        delete(directory.resolve(id));
        NodeDirectory.claim(directory.resolve(id)).close();
        Path volume = Files.createDirectories(directory.resolve(id).resolve("volumes"))
                .resolve(volumeId);
        Volume.create(volume, new VolumeSpec(volumeId, SIZE, 4096)).close(); // as far as it got
        nodes.start(id);
        awaitReceivers(2, 1);
        assertThat(nodes.volume(id, volumeId).status().role()).isEqualTo("replica");
    }

    /** Waits until this many receivers of an epoch were said to be ready, over all lives of the node. */
    private void awaitReceivers(int count, long epoch) {
        await("receivers ready")
                .atMost(PlayedEngine.LIMIT)
                .until(() -> engine.events(ReadinessObserved.class).stream()
                                .filter(e ->
                                        e.getMeta().getEpoch() == epoch && Boolean.TRUE.equals(e.getReceiverReady()))
                                .count()
                        >= count);
    }

    private static void delete(Path path) throws IOException {
        try (Stream<Path> files = Files.walk(path)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
