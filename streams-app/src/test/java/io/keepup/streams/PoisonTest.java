package io.keepup.streams;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.keepup.schemas.topic.KeyPartitions;
import io.keepup.schemas.topic.Topics;
import io.keepup.v1.CutPart;
import io.keepup.v1.Meta;
import io.keepup.v1.RejectReason;
import io.keepup.v1.Rejected;
import io.keepup.v1.StartReceiver;
import io.keepup.v1.VolumeProjection;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.streams.KafkaStreams;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * [invariant 8] Whatever a broker takes on the events topic is kept, whole or the beginning of it, counted, and does not hold up the
 * next event.
 */
@Timeout(180)
class PoisonTest {

    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final String VOLUME = "vol-1";
    private static final byte[] HEADER = {1, 0, -1};

    @TempDir
    static Path directory;

    private static KafkaFixture kafka;
    private static KeepupStreams app;
    private static HttpClient http;
    private static KafkaConsumer<byte[], byte[]> reader;
    private static Events events;
    private static int partition;
    private static long durable = 100;

    /** What somebody puts on the topic; key and value may be null. */
    private record Poison(String name, RejectReason reason, byte[] key, byte[] value) {}

    @BeforeAll
    static void start() throws Exception {
        kafka = KafkaFixture.start(directory.resolve("kafka"));
        kafka.createTopics();
        takeTheSendersTimes();
        http = HttpClient.newHttpClient();
        app = KeepupStreams.start(kafka.settings(directory.resolve("state")));
        await().atMost(LIMIT).until(() -> app.state() == KafkaStreams.State.RUNNING);
        partition = KeyPartitions.partitionFor(VOLUME, Topics.DEFAULT_PARTITIONS);
        reader = kafka.consumer();
        reader.assign(Stream.of(Topics.REJECTED, Topics.PROJECTIONS)
                .flatMap(topic -> reader.partitionsFor(topic).stream())
                .map(p -> new TopicPartition(p.topic(), p.partition()))
                .toList());
        events = new Events(VOLUME, Instant.now());
        kafka.send(events.primary(1, "vs-2"), events.primaryReady(1), events.ack("vs-2", 1, 1, 100, 1, 100));
        awaitFoldOf(event());
    }

    /** As the events topic did when it was created by an earlier version: a record's time is what its producer wrote. */
    private static void takeTheSendersTimes() throws Exception {
        ConfigResource topic = new ConfigResource(ConfigResource.Type.TOPIC, Topics.EVENTS);
        AlterConfigOp sendersTime =
                new AlterConfigOp(new ConfigEntry("message.timestamp.type", "CreateTime"), AlterConfigOp.OpType.SET);
        try (Admin admin = kafka.admin()) {
            admin.incrementalAlterConfigs(Map.of(topic, List.of(sendersTime)))
                    .all()
                    .get();
        }
    }

    @AfterAll
    static void stop() {
        reader.close();
        app.close();
        http.close();
        kafka.close();
    }

    private static List<Poison> poisons() {
        byte[] key = VOLUME.getBytes(StandardCharsets.UTF_8);
        byte[] good = encoded(event());
        byte[] noMagic = good.clone();
        noMagic[0] = 1;
        byte[] unknownId = good.clone();
        ByteBuffer.wrap(unknownId).putInt(1, Integer.MAX_VALUE);
        byte[] otherKey = "vol-2".getBytes(StandardCharsets.UTF_8);
        byte[] command = kafka.codec.encode(Topics.COMMANDS_NODE, new StartReceiver(events.meta("vs-2", 1), 1));
        return List.of(
                new Poison("empty", RejectReason.undecodable, key, new byte[0]),
                new Poison("garbage", RejectReason.undecodable, key, random(300)),
                new Poison("wrong magic", RejectReason.undecodable, key, noMagic),
                new Poison("unknown id", RejectReason.undecodable, key, unknownId),
                new Poison("wrong type", RejectReason.wrong_type, key, command),
                new Poison("truncated", RejectReason.undecodable, key, Arrays.copyOf(good, good.length / 2)),
                new Poison("too long", RejectReason.undecodable, key, Arrays.copyOf(good, good.length + 1)),
                new Poison("null key", RejectReason.key_mismatch, null, good),
                new Poison("null value", RejectReason.null_value, key, null),
                new Poison("null key and value", RejectReason.null_value, null, null),
                new Poison("other key", RejectReason.key_mismatch, otherKey, good));
    }

    @Test
    void each_kind_is_kept_whole_and_the_next_event_is_folded_at_once() throws Exception {
        for (Poison poison : poisons()) {
            expectKept(poison);
        }
    }

    @Test
    void ten_megabytes_too() throws Exception {
        byte[] key = VOLUME.getBytes(StandardCharsets.UTF_8);
        for (int i = 0; i < 3; i++) {
            expectKept(new Poison("10 MB", RejectReason.too_large, key, random(10_000_000)));
        }
    }

    @Test
    void the_largest_that_the_events_topic_takes_is_refused() throws Exception {
        int largest = Topics.EVENTS_MAX_MESSAGE_BYTES - 4096;
        expectKept(new Poison("largest value", RejectReason.too_large, new byte[] {7}, random(largest)));
        expectKept(new Poison("largest key", RejectReason.too_large, random(largest), new byte[] {1}));
        expectKept(new Poison("largest key alone", RejectReason.too_large, random(largest), null));
    }

    /** A broker counts the bytes as they come: these are some kilobytes. */
    @Test
    void S_F3_a_hundred_megabytes_of_zeros_are_refused_with_length_and_digest() throws Exception {
        byte[] key = VOLUME.getBytes(StandardCharsets.UTF_8);
        byte[] zeros = new byte[100_000_000];
        try (KafkaProducer<byte[], byte[]> compressing = kafka.compressing(0)) {
            expectKept(new Poison("zeros", RejectReason.too_large, key, zeros), compressing);
            expectKept(new Poison("zeros as key", RejectReason.too_large, zeros, null), compressing);
        }
    }

    @Test
    void S_F3_headers_count_too() throws Exception {
        byte[] key = VOLUME.getBytes(StandardCharsets.UTF_8);
        Map<Long, Rejected> kept = new HashMap<>();
        SpecificRecord next = event();
        long at;
        try (KafkaProducer<byte[], byte[]> compressing = kafka.compressing(0)) {
            ProducerRecord<byte[], byte[]> record =
                    new ProducerRecord<>(Topics.EVENTS, partition, key, encoded(event()));
            record.headers().add("small", HEADER).add("zeros", new byte[50_000_000]);
            at = compressing.send(record).get().offset();
        }
        kafka.put(new ProducerRecord<>(Topics.EVENTS, partition, key, encoded(next)));

        awaitFoldOf(next, kept);

        Rejected rejected = kept.get(at);
        assertThat(rejected.getReason()).isEqualTo(RejectReason.too_large);
        assertThat(rejected.getDetail()).startsWith("headers of 50000013 bytes: an event may have ");
        assertThat(rejected.getCutHeaders().getBytes()).isEqualTo(50_000_013);
        assertThat(rejected.getHeaders())
                .containsExactly(new io.keepup.v1.RecordHeader("small", ByteBuffer.wrap(HEADER)));
        assertThat(bytes(rejected.getValue())).as("the value is whole").hasSizeLessThan(1000);
        assertThat(rejected.getCutValue()).isNull();
    }

    /** One batch, which the consumer gets with one fetch; and a time that Kafka Streams takes for none. */
    @Test
    void S_F3_many_at_once_and_a_negative_timestamp_hold_up_nobody() throws Exception {
        byte[] key = VOLUME.getBytes(StandardCharsets.UTF_8);
        Map<Long, Rejected> kept = new HashMap<>();
        int many = 20;
        try (KafkaProducer<byte[], byte[]> compressing = kafka.compressing(1000)) {
            byte[] zeros = new byte[40 << 20];
            for (int i = 0; i < many; i++) {
                compressing.send(withoutTime(key, zeros));
            }
        }
        SpecificRecord next = event();
        kafka.put(withoutTime(key, encoded(next)));

        awaitFoldOf(next, kept);

        assertThat(kept).hasSize(many);
        assertThat(kept.values()).allSatisfy(rejected -> {
            assertThat(rejected.getReason()).isEqualTo(RejectReason.too_large);
            assertThat(rejected.getCutValue().getBytes()).isEqualTo(40 << 20);
            assertThat(rejected.getTimestamp()).isEqualTo(Instant.EPOCH);
        });
        assertThat(app.state()).isEqualTo(KafkaStreams.State.RUNNING);
    }

    /** Of the topics that the fold writes, too, and everybody reads. */
    @Test
    void S_F3_the_view_passes_over_a_projection_that_is_too_large() throws Exception {
        byte[] key = VOLUME.getBytes(StandardCharsets.UTF_8);
        try (KafkaProducer<byte[], byte[]> compressing = kafka.compressing(1000)) {
            for (int i = 0; i < 5; i++) {
                compressing.send(new ProducerRecord<>(Topics.PROJECTIONS, partition, null, new byte[100_000_000]));
                compressing.send(new ProducerRecord<>(Topics.PROJECTIONS, partition, key, new byte[100_000_000]));
            }
        }
        long expected = durable + 1;
        kafka.send(event());

        await().atMost(LIMIT).until(() -> app.view()
                .volume(VOLUME)
                .filter(p -> p.getDurableLsn() == expected)
                .isPresent());
        reader.seekToEnd(reader.assignment());
        reader.assignment().forEach(reader::position);
    }

    /** Kafka's own producer makes none such, others do. */
    private static ProducerRecord<byte[], byte[]> withoutTime(byte[] key, byte[] value) {
        return new ProducerRecord<>(Topics.EVENTS, partition, key, value) {
            @Override
            public Long timestamp() {
                return -1L;
            }
        };
    }

    /** Puts it on the topic, and a good event behind it; the log says how long after it that one had been folded. */
    private static void expectKept(Poison poison) throws Exception {
        expectKept(poison, null);
    }

    /** @param producer null for one that compresses nothing */
    private static void expectKept(Poison poison, KafkaProducer<byte[], byte[]> producer) throws Exception {
        double counted = count(poison.reason);
        Map<Long, Rejected> kept = new HashMap<>();
        ProducerRecord<byte[], byte[]> record =
                new ProducerRecord<>(Topics.EVENTS, partition, poison.key, poison.value);
        record.headers().add(new RecordHeader("any", HEADER)).add(new RecordHeader("none", null));
        SpecificRecord next = event();
        byte[] key = VOLUME.getBytes(StandardCharsets.UTF_8);
        byte[] value = encoded(next);
        RecordMetadata at =
                producer == null ? kafka.put(record) : producer.send(record).get();
        long begin = System.nanoTime();
        kafka.put(new ProducerRecord<>(Topics.EVENTS, partition, key, value));

        long end = awaitFoldOf(next, kept);

        System.out.printf("%s: %d ms until the next was folded%n", poison.name, (end - begin) / 1_000_000);
        assertThat(app.state()).as("no thread had to begin anew").isEqualTo(KafkaStreams.State.RUNNING);
        assertThat(kept).as(poison.name).containsOnlyKeys(at.offset());
        Rejected rejected = kept.get(at.offset());
        assertThat(rejected.getReason())
                .as("%s: %s", poison.name, rejected.getDetail())
                .isEqualTo(poison.reason);
        assertThat(rejected.getDetail())
                .as(poison.name)
                .isNotBlank()
                .hasSizeLessThan(600)
                .doesNotContain("\n");
        expectKept(poison.key, rejected.getKey(), rejected.getCutKey(), 4 << 10, 4 << 10);
        expectKept(poison.value, rejected.getValue(), rejected.getCutValue(), Topics.MAX_EVENT_BYTES, 64 << 10);
        assertThat(rejected.getHeaders())
                .containsExactly(
                        new io.keepup.v1.RecordHeader("any", ByteBuffer.wrap(HEADER)),
                        new io.keepup.v1.RecordHeader("none", null));
        assertThat(rejected.getTopic()).isEqualTo(Topics.EVENTS);
        assertThat(rejected.getPartition()).isEqualTo(partition);
        assertThat(count(poison.reason)).as("%s is counted", poison.name).isEqualTo(counted + 1);
    }

    /** Whole, or its beginning, its length and its digest. */
    private static void expectKept(byte[] part, ByteBuffer kept, CutPart cut, int largest, int keep) throws Exception {
        if (part == null || part.length <= largest) {
            assertThat(bytes(kept)).isEqualTo(part);
            assertThat(cut).isNull();
        } else {
            assertThat(bytes(kept)).isEqualTo(Arrays.copyOf(part, keep));
            assertThat(cut.getBytes()).isEqualTo(part.length);
            assertThat(cut.getSha256())
                    .isEqualTo(HexFormat.of()
                            .formatHex(MessageDigest.getInstance("SHA-256").digest(part)));
        }
    }

    /** The next event: more is durable with each, which the projection shows. */
    private static SpecificRecord event() {
        return events.barrier(1, ++durable);
    }

    private static byte[] encoded(SpecificRecord event) {
        return kafka.codec.encode(Topics.EVENTS, event);
    }

    /** Puts the event on the topic and waits until it was folded. */
    private static void awaitFoldOf(SpecificRecord event) throws Exception {
        kafka.send(event);
        awaitFoldOf(event, new HashMap<>());
    }

    /**
     * Returns when it was seen to be folded, {@link System#nanoTime}.
     *
     * @param kept gets all refusals until then, by the offset of what was refused
     */
    private static long awaitFoldOf(SpecificRecord event, Map<Long, Rejected> kept) throws Exception {
        String expected = ((Meta) event.get(0)).getEventId();
        boolean[] folded = {false};
        long deadline = System.nanoTime() + LIMIT.toNanos();
        while (!folded[0]) {
            assertThat(System.nanoTime())
                    .as("deadline for the fold of %s", expected)
                    .isLessThan(deadline);
            for (ConsumerRecord<byte[], byte[]> output : reader.poll(Duration.ofMillis(100))) {
                SpecificRecord record = kafka.codec.decode(output.value());
                if (record instanceof Rejected rejected) {
                    assertThat(output.key()).isEqualTo(bytes(rejected.getKey()));
                    kept.put(rejected.getOffset(), rejected);
                } else if (record instanceof VolumeProjection projection) {
                    folded[0] |= projection.getMeta().getEventId().equals("projection/" + expected);
                }
            }
        }
        long seen = System.nanoTime();
        // a refusal is on another topic: it may come with a later fetch
        await().atMost(LIMIT).until(() -> {
            for (ConsumerRecord<byte[], byte[]> output : reader.poll(Duration.ZERO)) {
                if (kafka.codec.decode(output.value()) instanceof Rejected rejected) {
                    kept.put(rejected.getOffset(), rejected);
                }
            }
            return atEnd();
        });
        return seen;
    }

    private static boolean atEnd() {
        return reader.endOffsets(reader.assignment()).entrySet().stream()
                .allMatch(end -> reader.position(end.getKey()) >= end.getValue());
    }

    private static double count(RejectReason reason) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:%d/metrics".formatted(app.httpPort())))
                .timeout(LIMIT)
                .build();
        Matcher found = Pattern.compile("keepup_rejected_total\\{reason=\"%s\"} ([0-9.]+)".formatted(reason))
                .matcher(http.send(request, BodyHandlers.ofString()).body());
        assertThat(found.find()).as("a count of %s", reason).isTrue();
        return Double.parseDouble(found.group(1));
    }

    private static byte[] random(int size) {
        byte[] bytes = new byte[size];
        new Random(size).nextBytes(bytes); // does not compress
        bytes[0] = 0x7f;
        return bytes;
    }

    private static byte[] bytes(ByteBuffer buffer) {
        if (buffer == null) {
            return null;
        }
        byte[] bytes = new byte[buffer.remaining()];
        buffer.duplicate().get(bytes);
        return bytes;
    }
}
