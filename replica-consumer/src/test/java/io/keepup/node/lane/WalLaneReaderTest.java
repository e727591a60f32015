package io.keepup.node.lane;

import static org.assertj.core.api.Assertions.assertThat;

import io.keepup.node.NodeContext;
import io.keepup.node.NodeSettings;
import io.keepup.node.fixture.TestCluster;
import io.keepup.node.kafka.KafkaClients;
import io.keepup.node.world.Storage;
import io.keepup.node.world.Tasks;
import io.keepup.node.world.ThreadTasks;
import io.keepup.schemas.topic.Topics;
import io.keepup.volume.VerifiedEntries;
import io.keepup.volume.Volume;
import io.keepup.volume.VolumeSpec;
import io.keepup.volume.WalEntry;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How much of a lane a session's reader takes at once. */
@Timeout(60)
class WalLaneReaderTest {

    private static final int BLOCK = 4096;
    private static final long SIZE = 16 << 20;
    private static final int EPOCH = 1;

    @TempDir
    Path directory;

    private final TestCluster cluster = TestCluster.get();
    private final String volumeId = cluster.name("read");
    private Admin admin;
    private Volume volume;

    @BeforeEach
    void start() {
        admin = Admin.create(Map.of("bootstrap.servers", cluster.bootstrap()));
        volume = Volume.create(directory.resolve("volume"), new VolumeSpec(volumeId, SIZE, BLOCK));
    }

    @AfterEach
    void stop() {
        volume.close();
        admin.close();
    }

    private NodeContext context(String compression) {
        NodeSettings settings = new NodeSettings(
                cluster.name("vs"),
                directory,
                cluster.bootstrap(),
                cluster.registryUrl(),
                "127.0.0.1:0",
                Map.of("node.lane.compression", compression));
        Tasks tasks = new ThreadTasks();
        LaneTopics lanes = new LaneTopics(tasks, admin, cluster.registry(), (short) 1);
        lanes.ensure(volumeId);
        return NodeContext.of(
                settings,
                1,
                Clock.systemUTC(),
                tasks,
                new KafkaClients(settings),
                lanes,
                Storage.FILES,
                cluster.codec());
    }

    /** Puts entries of so many blocks on the lane, each in a record of its own. */
    private void ship(NodeContext context, int entries, int blocks) {
        String topic = Topics.wal(volumeId);
        try (Producer<byte[], byte[]> producer = context.kafka().laneProducer("test")) {
            for (int lsn = 1; lsn <= entries; lsn++) {
                ByteBuffer payload = ByteBuffer.allocate(blocks * BLOCK).putLong(0, lsn);
                WalEntry entry = WalEntry.write(EPOCH, lsn, 0, blocks, payload);
                byte[] record =
                        cluster.codec().encode(topic, LaneRecords.batch(volumeId, "vs-p", EPOCH, List.of(entry), 0));
                producer.send(new ProducerRecord<>(topic, 0, null, record));
            }
        }
    }

    /** Reads so many entries; returns what each poll gave. */
    private List<VerifiedEntries> read(NodeContext context, int entries) {
        List<VerifiedEntries> polls = new ArrayList<>();
        try (WalLaneReader reader =
                WalLaneReader.open(context, "reading", volume, EPOCH, 1, OptionalLong.of(0), entries)) {
            long lsn = 0;
            while (lsn < entries) {
                Optional<VerifiedEntries> polled = reader.poll(Duration.ofMillis(200));
                for (int i = 0; i < polled.map(VerifiedEntries::size).orElse(0); i++) {
                    assertThat(polled.get().entry(i).lsn()).isEqualTo(++lsn);
                }
                polled.ifPresent(polls::add);
            }
        }
        return polls;
    }

    @ParameterizedTest
    @ValueSource(strings = {"none", "zstd"})
    void large_records_are_handed_over_in_bounded_portions_however_well_they_compress(String compression) {
        NodeContext context = context(compression);
        ship(context, 40, 256);
        assertThat(read(context, 40))
                .allSatisfy(portion -> assertThat(portion.payloadBytes()).isLessThanOrEqualTo(10 << 20));
        context.events().stop();
    }

    @Test
    void small_records_are_handed_over_many_at_once() {
        NodeContext context = context("none");
        ship(context, 400, 1);
        assertThat(read(context, 400)).hasSizeLessThan(20);
        context.events().stop();
    }
}
