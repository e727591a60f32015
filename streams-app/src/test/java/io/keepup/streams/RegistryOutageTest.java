package io.keepup.streams;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.keepup.schemas.registry.SchemaRegistry;
import io.keepup.schemas.topic.KeyPartitions;
import io.keepup.schemas.topic.Topics;
import io.keepup.v1.BarrierConfirmed;
import io.keepup.v1.RejectReason;
import io.keepup.v1.Rejected;
import io.keepup.v1.VolumeProjection;
import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.TransactionState;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.GroupState;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The schema registry goes away while events come whose schemas the fold has not seen. */
@Timeout(180)
class RegistryOutageTest {

    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final String VOLUME = "vol-1";

    @TempDir
    Path directory;

    private final Events events = new Events(VOLUME, Instant.now());
    private final HttpClient http = HttpClient.newHttpClient();
    private KafkaFixture kafka;
    private KeepupStreams app;

    @BeforeEach
    void start() throws Exception {
        kafka = KafkaFixture.start(directory.resolve("kafka"));
        kafka.createTopics();
        app = KeepupStreams.start(kafka.settings(directory.resolve("state"))
                .with("producer.transaction.timeout.ms", "1000")
                .with("main.consumer.max.poll.interval.ms", "4000"));
        kafka.send(events.primary(1, "vs-2"), events.primaryReady(1), events.ack("vs-2", 1, 1, 100, 1, 100));
        kafka.send(events.barrier(1, 101));
        awaitFolded(101);
        await().atMost(LIMIT)
                .untilAsserted(() -> assertThat(get("/readyz").statusCode()).isEqualTo(200));
    }

    @AfterEach
    void stop() {
        if (app != null) {
            app.close();
        }
        http.close();
        kafka.close();
    }

    @Test
    void the_fold_waits_and_says_so_and_loses_nothing() throws Exception {
        // given two events of a schema the fold has not asked for yet, one of an id that nobody has, and one it knows
        int later = kafka.registry.register(SchemaRegistry.subject(Topics.EVENTS, BarrierConfirmed.SCHEMA$), evolved());
        int port = kafka.stopRegistry();
        put(inSchema(later, events.barrier(1, 102)));
        put(inSchema(Integer.MAX_VALUE, events.barrier(1, 103)));
        put(inSchema(later, events.barrier(1, 104)));
        kafka.send(events.barrier(1, 105));

        // when that lasts until the broker has ended the fold's transaction and sent it out of its group
        await().atMost(LIMIT)
                .untilAsserted(() -> assertThat(get("/metrics").body()).contains("keepup_registry_waiting 1.0"));
        try (Admin admin = kafka.admin()) {
            await("the transaction's end").atMost(LIMIT).until(() -> admin.listTransactions().all().get().stream()
                    .noneMatch(t -> t.state() == TransactionState.ONGOING));
            await("the group's end")
                    .atMost(LIMIT)
                    .until(() -> admin.describeConsumerGroups(List.of("keepup"))
                                    .all()
                                    .get()
                                    .get("keepup")
                                    .groupState()
                            == GroupState.EMPTY);
        }

        // then it waits, says why, and has not judged what it cannot read
        HttpResponse<String> ready = get("/readyz");
        assertThat(ready.statusCode()).isEqualTo(503);
        assertThat(get("/livez").statusCode())
                .as("to restart it would not help")
                .isEqualTo(200);
        assertThat(get("/metrics").body()).contains("keepup_registry_waiting 1.0");
        assertThat(kafka.read(Topics.REJECTED)).isEmpty();
        assertThat(durable()).isEqualTo(101);

        // and when the registry is back, all is folded, once and in order
        kafka.startRegistry(port);
        awaitFolded(105);
        assertThat(durables()).containsExactly(101L, 102L, 104L, 105L);
        assertThat(kafka.read(Topics.REJECTED))
                .singleElement()
                .satisfies(r -> assertThat(((Rejected) r.value()).getReason()).isEqualTo(RejectReason.undecodable));
        await().atMost(LIMIT)
                .untilAsserted(() -> assertThat(get("/readyz").statusCode()).isEqualTo(200));
        assertThat(get("/metrics").body()).contains("keepup_registry_waiting 0.0");
    }

    @Test
    void the_fold_says_for_what_it_waits_and_can_be_stopped_meanwhile() throws Exception {
        int later = kafka.registry.register(SchemaRegistry.subject(Topics.EVENTS, BarrierConfirmed.SCHEMA$), evolved());
        int port = kafka.stopRegistry();
        put(inSchema(later, events.barrier(1, 102)));
        await().atMost(LIMIT).untilAsserted(() -> assertThat(get("/readyz").body())
                .contains("the fold waits for the schema registry", "127.0.0.1:" + port));

        app.close();
        app = null;

        kafka.startRegistry(port);
        app = KeepupStreams.start(kafka.settings(directory.resolve("state")));
        awaitFolded(102);
        assertThat(kafka.read(Topics.REJECTED)).isEmpty();
    }

    /** As a later version would write it. */
    private static Schema evolved() {
        Schema present = BarrierConfirmed.SCHEMA$;
        List<Schema.Field> fields = new ArrayList<>();
        present.getFields().forEach(f -> fields.add(new Schema.Field(f, f.schema())));
        fields.add(new Schema.Field("later", Schema.create(Schema.Type.LONG), "of a later version", 0L));
        return Schema.createRecord(present.getName(), present.getDoc(), present.getNamespace(), false, fields);
    }

    private static byte[] inSchema(int id, BarrierConfirmed event) throws Exception {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.write(0);
        bytes.writeBytes(ByteBuffer.allocate(4).putInt(id).array());
        Schema schema = evolved();
        GenericRecord record = new GenericData.Record(schema);
        record.put("meta", event.getMeta());
        record.put("durableLsn", event.getDurableLsn());
        record.put("later", 7L);
        BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(bytes, null);
        new GenericDatumWriter<GenericRecord>(schema, event.getSpecificData()).write(record, encoder);
        encoder.flush();
        return bytes.toByteArray();
    }

    private void put(byte[] value) throws Exception {
        kafka.put(new ProducerRecord<>(
                Topics.EVENTS,
                KeyPartitions.partitionFor(VOLUME, Topics.DEFAULT_PARTITIONS),
                VOLUME.getBytes(StandardCharsets.UTF_8),
                value));
    }

    private void awaitFolded(long durableLsn) {
        await("the fold of %d".formatted(durableLsn)).atMost(LIMIT).untilAsserted(() -> assertThat(durable())
                .isEqualTo(durableLsn));
    }

    private long durable() {
        List<Long> all = durables();
        return all.isEmpty() ? 0 : all.get(all.size() - 1);
    }

    /** The durable LSNs the projections told, each once, in order. */
    private List<Long> durables() {
        return kafka.read(Topics.PROJECTIONS).stream()
                .map(r -> ((VolumeProjection) r.value()).getDurableLsn())
                .filter(lsn -> lsn > 100)
                .toList();
    }

    private HttpResponse<String> get(String path) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:%d%s".formatted(app.httpPort(), path)))
                .timeout(LIMIT)
                .build();
        return http.send(request, BodyHandlers.ofString());
    }
}
