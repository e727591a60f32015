package io.keepup.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.keepup.node.fixture.LaneContent;
import io.keepup.node.fixture.Nodes;
import io.keepup.node.fixture.PlayedEngine;
import io.keepup.node.fixture.TestCluster;
import io.keepup.node.hosting.HostedVolume;
import io.keepup.schemas.topic.Topics;
import io.keepup.v1.ReadinessObserved;
import io.keepup.v1.WalBatch;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.LongStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.LogDirDescription;
import org.apache.kafka.clients.admin.ReplicaInfo;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What is on the WAL lane, in which order, and how much of it goes into a record. */
@Timeout(60)
class WalLaneTest {

    private static final int SIZE = 16 << 20;

    @TempDir
    Path directory;

    private final String volumeId = TestCluster.get().name("lane");
    private final String p = TestCluster.get().name("vs-p");
    private final String r = TestCluster.get().name("vs-r");
    private PlayedEngine engine;
    private Nodes nodes;

    private HostedVolume primaryWith(String setting, String value) {
        engine = new PlayedEngine(volumeId);
        nodes = new Nodes(directory).with(setting, value);
        nodes.start(p);
        nodes.start(r);
        engine.makePrimary(p, 1, SIZE, r);
        engine.makeReplica(r, 1, SIZE);
        engine.await1(ReadinessObserved.class, e -> Boolean.TRUE.equals(e.getShipperConnected()));
        engine.await1(ReadinessObserved.class, e -> Boolean.TRUE.equals(e.getReceiverReady()));
        return nodes.volume(p, volumeId);
    }

    @AfterEach
    void stop() {
        nodes.close();
        engine.close();
    }

    @Test
    void writers_at_the_same_time_make_one_order_of_LSNs_without_gap_or_doublet() throws Exception {
        HostedVolume primary = primaryWith("node.wal.batch.bytes", "65536");
        List<Thread> writers = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            Random random = new Random(i);
            writers.add(Thread.ofPlatform().start(() -> {
                for (int write = 0; write < 150; write++) {
                    Nodes.writeRandom(primary, random, 1);
                }
            }));
        }
        for (Thread writer : writers) {
            writer.join();
        }
        long head = primary.status().appliedLsn();
        assertThat(head).isEqualTo(8 * 150);
        nodes.awaitApplied(r, volumeId, head);
        assertThat(LaneContent.lsns(volumeId, 1))
                .containsExactlyElementsOf(
                        LongStream.rangeClosed(1, head).boxed().toList());
        assertThat(nodes.volume(r, volumeId).digest()).isEqualTo(primary.digest());
    }

    @Test
    void a_batch_holds_no_more_than_its_limit() {
        HostedVolume primary = primaryWith("node.wal.batch.bytes", "65536");
        nodes.awaitApplied(r, volumeId, Nodes.writeRandom(primary, new Random(1), 500));
        List<WalBatch> batches = batches();
        assertThat(batches).hasSizeGreaterThan(500 * 4096 / 65536);
        assertThat(batches)
                .allMatch(batch -> batch.getEntries().stream()
                                .mapToInt(e -> e.getPayload().remaining())
                                .sum()
                        <= 65536);
    }

    @Test
    void a_linger_gathers_what_comes_one_by_one() {
        HostedVolume primary = primaryWith("node.wal.linger.ms", "300");
        long lsn = 0;
        for (int i = 0; i < 40; i++) {
            lsn = Nodes.writeRandom(primary, new Random(i), 1); // durable before the next one
        }
        nodes.awaitApplied(r, volumeId, lsn);
        assertThat(batches()).hasSizeLessThan(20);
        assertThat(LaneContent.lsns(volumeId, 1))
                .containsExactlyElementsOf(LongStream.rangeClosed(1, 40).boxed().toList());
    }

    @Test
    void lanes_are_compressed_when_that_is_set_and_read_as_before() throws Exception {
        HostedVolume primary = primaryWith("node.lane.compression", "zstd");
        byte[] text = new byte[1 << 20];
        Arrays.fill(text, (byte) 'k');
        long lsn = 0;
        for (int i = 0; i < 8; i++) {
            lsn = primary.write(i * 256L, ByteBuffer.wrap(text));
        }
        primary.awaitDurable(lsn);
        nodes.awaitApplied(r, volumeId, lsn);
        assertThat(onDisk(Topics.wal(volumeId))).isLessThan(1 << 20);
        assertThat(nodes.volume(r, volumeId).digest()).isEqualTo(primary.digest());
    }

    private static long onDisk(String topic) throws Exception {
        try (Admin admin =
                Admin.create(Map.of("bootstrap.servers", TestCluster.get().bootstrap()))) {
            int broker = admin.describeCluster().nodes().get().iterator().next().id();
            Map<String, LogDirDescription> directories = admin.describeLogDirs(List.of(broker))
                    .allDescriptions()
                    .get()
                    .get(broker);
            return directories.values().stream()
                    .map(directory -> directory.replicaInfos().get(new TopicPartition(topic, 0)))
                    .filter(found -> found != null)
                    .mapToLong(ReplicaInfo::size)
                    .sum();
        }
    }

    private List<WalBatch> batches() {
        return LaneContent.of(Topics.wal(volumeId)).stream()
                .map(WalBatch.class::cast)
                .toList();
    }
}
