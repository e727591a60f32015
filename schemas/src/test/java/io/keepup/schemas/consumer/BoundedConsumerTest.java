package io.keepup.schemas.consumer;

import static org.assertj.core.api.Assertions.assertThat;

import io.keepup.embedded.EmbeddedBroker;
import io.keepup.schemas.topic.RecordBounds;
import io.keepup.schemas.topic.TopicAdmin;
import io.keepup.schemas.topic.Topics;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** [invariant 8] Whatever a broker took, a bounded part of it is given, and the record behind it. */
@Timeout(120)
class BoundedConsumerTest {

    private static final RecordBounds BOUNDS = Topics.bounds(Topics.EVENTS);
    private static final int LARGE = 100_000_000;

    private static final TopicPartition TOPIC = new TopicPartition(Topics.EVENTS, 0);

    @TempDir
    static Path directory;

    private static EmbeddedBroker broker;

    @BeforeAll
    static void start() {
        broker = EmbeddedBroker.start(directory, 0);
    }

    /** A topic of that name, empty: bounds go by the name. */
    private static TopicPartition topic() throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
            if (admin.listTopics().names().get().contains(Topics.EVENTS)) {
                admin.deleteRecords(Map.of(TOPIC, RecordsToDelete.beforeOffset(-1)))
                        .all()
                        .get();
            } else {
                new TopicAdmin(admin, Duration.ofSeconds(20)).ensure(Topics.shared(1), (short) 1);
            }
        }
        return TOPIC;
    }

    @AfterAll
    static void stop() {
        broker.close();
    }

    @Test
    void a_record_within_its_bounds_is_given_as_it_is() throws Exception {
        TopicPartition topic = topic();
        send("none", record(topic, bytes("k"), new byte[BOUNDS.value()], header("h", new byte[60_000])));
        send("none", record(topic, null, null));
        send("none", record(topic, new byte[0], new byte[0], header("none", null)));

        List<ConsumerRecord<byte[], byte[]>> given = read(topic, 3, false);

        assertThat(given).allMatch(r -> CutRecord.of(r.headers()) == null);
        assertThat(given).extracting(ConsumerRecord::key).containsExactly(bytes("k"), null, new byte[0]);
        assertThat(given.get(0).value()).isEqualTo(new byte[BOUNDS.value()]);
        assertThat(given.get(1).value()).isNull();
        assertThat(given.get(0).headers()).containsExactly(header("h", new byte[60_000]));
    }

    @Test
    void S_F3_of_a_large_record_length_digest_and_a_part_are_given_however_it_is_read() throws Exception {
        TopicPartition topic = topic();
        byte[] key = new byte[LARGE / 100];
        Arrays.fill(key, (byte) 'k');
        byte[] value = new byte[LARGE];
        Header large = header("large", new byte[LARGE / 10]);
        Header small = header("small", bytes("v"));
        send("zstd", record(topic, bytes("vol-1"), value, small));
        send("zstd", record(topic, key, bytes("v"), small, header("none", null)));
        send("zstd", record(topic, null, null, small, large, small));
        send("zstd", record(topic, key, value, large));
        send("gzip", record(topic, bytes("vol-1"), bytes("next")));
        send("none", record(topic, bytes("vol-1"), new byte[BOUNDS.value() + 1]));

        List<ConsumerRecord<byte[], byte[]>> given = read(topic, 6, false);

        CutRecord cut = CutRecord.of(given.get(0).headers());
        assertThat(cut.inWords()).isEqualTo("a value of 100000000 bytes");
        assertThat(cut.valuePart().sha256()).isEqualTo(sha256(value));
        assertThat(cut.valuePart().kept()).isEqualTo(new byte[RecordBounds.KEPT_VALUE]);
        assertThat(given.get(0).value()).as("can be taken for nothing").isEmpty();
        assertThat(given.get(0).key()).isEqualTo(bytes("vol-1"));
        assertThat(given.get(0).headers()).containsExactly(cut, small);
        cut = CutRecord.of(given.get(1).headers());
        assertThat(cut.keyPart().bytes()).isEqualTo(key.length);
        assertThat(cut.keyPart().sha256()).isEqualTo(sha256(key));
        assertThat(given.get(1).key()).isEqualTo(Arrays.copyOf(key, BOUNDS.key()));
        assertThat(given.get(1).value()).isEqualTo(bytes("v"));
        cut = CutRecord.of(given.get(2).headers());
        assertThat(cut.headersPart().bytes()).isEqualTo(LARGE / 10 + 5 + 2 * 6);
        assertThat(cut.headersPart().sha256()).isEqualTo(sha256(followedByLengths(small, large, small)));
        assertThat(given.get(2).headers()).containsExactly(cut, small);
        assertThat(CutRecord.of(given.get(3).headers()).inWords())
                .isEqualTo("a key of 1000000 bytes and a value of 100000000 bytes and headers of 10000005 bytes");
        assertThat(given.get(4).value()).isEqualTo(bytes("next"));
        assertThat(CutRecord.of(given.get(5).headers()).valuePart().bytes()).isEqualTo(BOUNDS.value() + 1);
        assertThat(words(read(topic, 6, true))).isEqualTo(words(given));
    }

    @Test
    void both_ways_to_read_agree_about_many_and_about_malformed_headers() throws Exception {
        TopicPartition topic = topic();
        Header[] many = new Header[10_000];
        for (int i = 0; i < many.length; i++) {
            many[i] = header("n" + i, i % 3 == 0 ? null : new byte[i % 7]);
        }
        byte[] malformed = new byte[70_000];
        Arrays.fill(malformed, (byte) 0xe2);
        send("lz4", record(topic, bytes("k"), bytes("v"), many));
        send("none", record(topic, bytes("k"), bytes("v"), many));
        send("snappy", record(topic, bytes("k"), bytes("v"), new RecordHeader(ByteBuffer.wrap(malformed), null)));
        send("none", record(topic, bytes("k"), bytes("v"), header("ü€𝄞".repeat(20_000), bytes("x")), many[1]));

        List<String> ordinary = words(read(topic, 4, false));

        assertThat(ordinary).allMatch(words -> words.contains("headers of"));
        assertThat(words(read(topic, 4, true))).isEqualTo(ordinary);
    }

    /** Several of them in one batch, and a heap that not one of them fits into. */
    @Test
    void S_F3_a_small_heap_is_enough_for_records_that_do_not_fit_into_it() throws Exception {
        TopicPartition topic = topic();
        byte[] zeros = new byte[LARGE];
        send("none", record(topic, bytes("a"), bytes("first")));
        try (KafkaProducer<byte[], byte[]> producer = producer("zstd", 1000)) {
            for (int i = 0; i < 4; i++) {
                producer.send(record(topic, bytes("vol-1"), zeros));
                producer.send(record(topic, null, null, header("zeros", zeros)));
                producer.send(record(topic, bytes("vol-1"), bytes("between")));
            }
        }
        send("none", record(topic, bytes("z"), bytes("last")));

        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx48m",
                        "-XX:+UseSerialGC",
                        "-cp",
                        System.getProperty("java.class.path"),
                        SmallHeap.class.getName(),
                        broker.bootstrapServers(),
                        topic.topic())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        String told = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        List<String> expected = new ArrayList<>(List.of("first"));
        for (int i = 0; i < 4; i++) {
            expected.add("a value of %d bytes %s".formatted(LARGE, sha256(zeros)));
            expected.add("headers of %d bytes".formatted(LARGE + 5));
            expected.add("between");
        }
        expected.add("last");
        assertThat(told.lines()).containsExactlyElementsOf(expected);
    }

    /** Reads a topic and tells each record in a line; in a process of its own. */
    static final class SmallHeap {
        public static void main(String[] args) {
            TopicPartition topic = new TopicPartition(args[1], 0);
            try (BoundedConsumer<byte[]> consumer = BoundedConsumer.ofArrays(config(args[0]))) {
                consumer.assign(List.of(topic));
                consumer.seekToBeginning(List.of(topic));
                long end = consumer.endOffsets(List.of(topic)).get(topic);
                while (consumer.position(topic) < end) {
                    for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofSeconds(1))) {
                        CutRecord cut = CutRecord.of(record.headers());
                        System.out.println(
                                cut == null
                                        ? new String(record.value(), StandardCharsets.UTF_8)
                                        : cut.inWords()
                                                + (cut.valuePart() == null
                                                        ? ""
                                                        : " " + cut.valuePart().sha256()));
                    }
                }
            }
        }
    }

    // ------------------------------------------------------------ fixture

    private static KafkaProducer<byte[], byte[]> producer(String compression, int linger) {
        return new KafkaProducer<>(
                Map.of(
                        "bootstrap.servers",
                        broker.bootstrapServers(),
                        "compression.type",
                        compression,
                        "linger.ms",
                        linger,
                        "batch.size",
                        1_000_000,
                        "max.request.size",
                        2 * LARGE,
                        "buffer.memory",
                        10L * LARGE),
                new ByteArraySerializer(),
                new ByteArraySerializer());
    }

    private static void send(String compression, ProducerRecord<byte[], byte[]> record) throws Exception {
        try (KafkaProducer<byte[], byte[]> producer = producer(compression, 0)) {
            producer.send(record).get();
        }
    }

    private static ProducerRecord<byte[], byte[]> record(
            TopicPartition topic, byte[] key, byte[] value, Header... headers) {
        return new ProducerRecord<>(topic.topic(), 0, key, value, List.of(headers));
    }

    private static Header header(String name, byte[] value) {
        return new RecordHeader(name, value);
    }

    private static Map<String, Object> config(String bootstrap) {
        Map<String, Object> config = new HashMap<>();
        config.put("bootstrap.servers", bootstrap);
        config.put("isolation.level", "read_committed");
        return config;
    }

    private static List<ConsumerRecord<byte[], byte[]>> read(TopicPartition topic, int count, boolean inPieces) {
        List<ConsumerRecord<byte[], byte[]>> given = new ArrayList<>();
        try (BoundedConsumer<byte[]> consumer = BoundedConsumer.ofArrays(config(broker.bootstrapServers()))) {
            consumer.assign(List.of(topic));
            consumer.seekToBeginning(List.of(topic));
            while (given.size() < count) {
                if (inPieces) {
                    consumer.position(topic);
                    consumer.readInPieces();
                }
                consumer.poll(Duration.ofSeconds(1)).forEach(given::add);
            }
        }
        assertThat(given).hasSize(count);
        return given;
    }

    /** All of each record, to be compared. */
    private static List<String> words(List<ConsumerRecord<byte[], byte[]>> records) {
        return records.stream().map(BoundedConsumerTest::words).toList();
    }

    private static String words(ConsumerRecord<byte[], byte[]> record) {
        StringBuilder words = new StringBuilder();
        words.append(record.timestamp()).append(' ');
        words.append(record.timestampType()).append(' ').append(record.leaderEpoch());
        words.append(record.serializedKeySize()).append(' ').append(record.serializedValueSize());
        words.append(Arrays.hashCode(record.key())).append(' ').append(Arrays.hashCode(record.value()));
        for (Header header : record.headers()) {
            if (header instanceof CutRecord cut) {
                words.append(cut.inWords());
                for (CutRecord.Part part : Arrays.asList(cut.keyPart(), cut.valuePart(), cut.headersPart())) {
                    words.append(part == null ? "-" : part.sha256() + Arrays.hashCode(part.kept()));
                }
            } else {
                words.append(header);
            }
        }
        return words.toString();
    }

    private static String sha256(byte[] bytes) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    }

    private static byte[] followedByLengths(Header... headers) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (Header header : headers) {
            for (byte[] part : List.of(bytes(header.key()), header.value())) {
                out.write(part);
                out.write(ByteBuffer.allocate(4).putInt(part.length).array());
            }
        }
        return out.toByteArray();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
