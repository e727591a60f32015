package io.keepup.streams.view;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.keepup.schemas.codec.ConfluentAvroCodec;
import io.keepup.schemas.codec.RecordCodec;
import io.keepup.schemas.topic.Topics;
import io.keepup.streams.InMemoryRegistry;
import io.keepup.v1.Meta;
import io.keepup.v1.Mode;
import io.keepup.v1.VolumeProjection;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class ProjectionViewTest {

    private static final TopicPartition PARTITION = new TopicPartition(Topics.PROJECTIONS, 0);
    private static final Duration LIMIT = Duration.ofSeconds(60);

    private final InMemoryRegistry registry = new InMemoryRegistry();
    private final RecordCodec codec = new ConfluentAvroCodec(registry);
    private final Queue<MockConsumer<byte[], byte[]>> consumers = new ArrayDeque<>();
    private ProjectionView view;

    @AfterEach
    void close() {
        view.close();
    }

    @Test
    void shows_nothing_until_it_has_read_all_that_was_there_and_then_the_newest() {
        MockConsumer<byte[], byte[]> consumer = consumer(3);
        add(consumer, 0, "vol-1", Mode.bootstrap_pending);
        start(consumer);
        add(consumer, 1, "vol-2", Mode.degraded);
        assertThat(view.complete()).isFalse();
        assertThat(view.volumes()).isEmpty();
        add(consumer, 2, "vol-1", Mode.publish_healthy);
        await().atMost(LIMIT).until(view::complete);
        assertThat(view.volumes()).extracting(v -> v.getMeta().getVolumeId()).containsExactly("vol-1", "vol-2");
        assertThat(view.volume("vol-1").orElseThrow().getMode()).isEqualTo(Mode.publish_healthy);
    }

    @Test
    void a_tombstone_removes_the_volume_and_is_told() throws Exception {
        MockConsumer<byte[], byte[]> consumer = consumer(1);
        add(consumer, 0, "vol-1", Mode.degraded);
        start(consumer);
        await().atMost(LIMIT).until(view::complete);
        try (VolumeChanges changes = view.subscribe()) {
            add(consumer, 1, "vol-1", null);
            assertThat(changes.await(LIMIT)).containsExactly("vol-1");
            assertThat(view.volume("vol-1")).isEmpty();
        }
    }

    @Test
    void what_is_no_projection_is_passed_over_and_an_absent_registry_is_waited_for() {
        MockConsumer<byte[], byte[]> consumer = consumer(3);
        byte[] garbage = {1, 2, 3};
        consumer.addRecord(
                new ConsumerRecord<>(Topics.PROJECTIONS, 0, 0, "vol-1".getBytes(StandardCharsets.UTF_8), garbage));
        consumer.addRecord(new ConsumerRecord<>(Topics.PROJECTIONS, 0, 1, null, garbage));
        add(consumer, 2, "vol-2", Mode.degraded);
        registry.away(1);
        start(consumer);
        await().atMost(LIMIT).until(view::complete);
        assertThat(view.volumes()).extracting(v -> v.getMeta().getVolumeId()).containsExactly("vol-2");
    }

    @Test
    void after_a_lost_connection_it_starts_over_and_keeps_showing_what_it_had() {
        MockConsumer<byte[], byte[]> first = consumer(2);
        add(first, 0, "vol-1", Mode.degraded);
        add(first, 1, "vol-2", Mode.degraded);
        MockConsumer<byte[], byte[]> second = consumer(2);
        add(second, 0, "vol-2", Mode.publish_healthy);
        consumers.add(first);
        start(second);
        await().atMost(LIMIT).until(view::complete);
        first.setPollException(new KafkaException("connection lost"));
        await().atMost(LIMIT).until(second::assignment, set -> !set.isEmpty());
        assertThat(view.volume("vol-2").orElseThrow().getMode()).isEqualTo(Mode.degraded);
        add(second, 1, "vol-3", Mode.degraded);
        await().atMost(LIMIT).untilAsserted(() -> assertThat(view.volumes())
                .extracting(v -> v.getMeta().getVolumeId())
                .containsExactly("vol-2", "vol-3"));
    }

    private void start(MockConsumer<byte[], byte[]> consumer) {
        consumers.add(consumer);
        view = ProjectionView.start(consumers::poll, codec);
    }

    /** A consumer of one partition that ended at that offset when it was opened. */
    private static MockConsumer<byte[], byte[]> consumer(long end) {
        MockConsumer<byte[], byte[]> consumer = new MockConsumer<>("earliest");
        PartitionInfo partition = new PartitionInfo(Topics.PROJECTIONS, 0, null, null, null);
        consumer.updatePartitions(Topics.PROJECTIONS, List.of(partition));
        consumer.updateBeginningOffsets(Map.of(PARTITION, 0L));
        consumer.updateEndOffsets(Map.of(PARTITION, end));
        consumer.assign(List.of(PARTITION));
        return consumer;
    }

    private void add(MockConsumer<byte[], byte[]> consumer, long offset, String volumeId, Mode mode) {
        byte[] value = mode == null ? null : codec.encode(Topics.PROJECTIONS, projection(volumeId, mode));
        consumer.addRecord(
                new ConsumerRecord<>(Topics.PROJECTIONS, 0, offset, volumeId.getBytes(StandardCharsets.UTF_8), value));
    }

    private static VolumeProjection projection(String volumeId, Mode mode) {
        Meta meta = new Meta("p", volumeId, "vs-1", 1L, Instant.ofEpochMilli(0), "engine/safe");
        return new VolumeProjection(
                meta, mode, "", false, "vs-1", 4096L, 4096, 0L, 0L, 0L, List.of(), List.of(), 1, "");
    }
}
