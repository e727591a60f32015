package io.keepup.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.keepup.node.fixture.LaneContent;
import io.keepup.node.fixture.Nodes;
import io.keepup.node.fixture.PlayedEngine;
import io.keepup.node.fixture.TestCluster;
import io.keepup.node.hosting.HostedVolume;
import io.keepup.schemas.topic.Topics;
import io.keepup.v1.ReadinessObserved;
import io.keepup.v1.SyncAckReceived;
import io.keepup.v1.WalBatch;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is on the WAL lane, in which order, and how much of it goes into a record. */
@Timeout(60)
class WalLaneTest {

    private static final int SIZE = 16 << 20;
    private static final int ENTRY = 512 << 10;

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

    @ParameterizedTest
    @ValueSource(strings = {"none", "gzip", "snappy", "lz4", "zstd"})
    void lanes_are_compressed_as_is_set_and_read_as_before_live_and_in_a_catch_up(String compression) throws Exception {
        HostedVolume primary = primaryWith("node.lane.compression", compression);
        nodes.awaitApplied(r, volumeId, writeCompressible(primary, 1, 4));
        nodes.stop(r);
        long head = writeCompressible(primary, 5, 20);
        nodes.start(r);
        SyncAckReceived facts = engine.ack(r, e -> e.getAck().getAppliedLsn() == 4 && e.getPrimaryWalHead() == head);
        engine.catchUp(r, p, 1, 1, facts);
        assertThat(engine.completed(1).getAchievedLsn()).isEqualTo(head);
        nodes.awaitApplied(r, volumeId, writeCompressible(primary, head + 1, 1));
        if (compression.equals("none")) {
            assertThat(onDisk(Topics.wal(volumeId))).isGreaterThan(25 * ENTRY);
        } else {
            assertThat(onDisk(Topics.wal(volumeId))).isLessThan(25 * ENTRY / 4);
        }
        assertThat(nodes.volume(r, volumeId).digest()).isEqualTo(primary.digest());
    }

    /** Entries of 512 KiB, from an LSN on: in each a random block again and again, its LSN before each. */
    private static long writeCompressible(HostedVolume volume, long fromLsn, int entries) {
        long lsn = 0;
        for (long next = fromLsn; next < fromLsn + entries; next++) {
            byte[] block = new byte[Nodes.BLOCK];
            new Random(next).nextBytes(block);
            ByteBuffer entry = ByteBuffer.allocate(ENTRY);
            while (entry.hasRemaining()) {
                entry.put(block).putLong(entry.position() - Nodes.BLOCK, next);
            }
            long lba = next * ENTRY / Nodes.BLOCK;
            lsn = volume.write(lba % (SIZE / Nodes.BLOCK), entry.flip());
            assertThat(lsn).isEqualTo(next);
        }
        volume.awaitDurable(lsn);
        return lsn;
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
