package io.keepup.schemas.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keepup.schemas.topic.TopicSpec;
import io.keepup.schemas.topic.Topics;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.apache.avro.Schema;
import org.apache.avro.SchemaBuilder;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.specific.SpecificRecord;
import org.apache.avro.util.RandomData;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConfluentAvroCodecTest {

    static {
        AvroSafety.install();
    }

    private static final long SEED = 20_260_101;

    private final InMemoryRegistry registry = new InMemoryRegistry();
    private final ConfluentAvroCodec codec = new ConfluentAvroCodec(registry);

    static Stream<Schema> recordTypes() {
        List<TopicSpec> topics = new ArrayList<>(Topics.shared());
        topics.addAll(Topics.lanes("vol-1"));
        return topics.stream().flatMap(t -> t.records().stream());
    }

    @ParameterizedTest
    @MethodSource("recordTypes")
    void every_record_type_survives_the_round_trip(Schema schema) throws Exception {
        for (SpecificRecord record : RandomRecords.of(schema, 50, SEED)) {
            byte[] bytes = codec.encode("any.topic", record);
            assertThat(codec.decode(bytes)).isEqualTo(record);
            assertThat(codec.decode(amidOthers(ByteBuffer.allocate(bytes.length + 8), bytes)))
                    .isEqualTo(record);
        }
    }

    @ParameterizedTest
    @MethodSource("recordTypes")
    void bytes_that_no_array_is_to_be_had_of_are_decoded_too(Schema schema) throws Exception {
        SpecificRecord record = RandomRecords.of(schema, 1, SEED).get(0);
        byte[] bytes = codec.encode("any.topic", record);
        ByteBuffer direct = amidOthers(ByteBuffer.allocateDirect(bytes.length + 8), bytes);
        assertThat(codec.decode(direct)).isEqualTo(record);
        assertThat(codec.decode(ByteBuffer.wrap(bytes).asReadOnlyBuffer())).isEqualTo(record);
        assertThat(direct.remaining()).isEqualTo(bytes.length);
    }

    @ParameterizedTest
    @MethodSource("recordTypes")
    void the_wire_format_is_magic_id_and_plain_avro(Schema schema) throws Exception {
        SpecificRecord record = RandomRecords.of(schema, 1, SEED).get(0);
        byte[] bytes = codec.encode("any.topic", record);
        ByteBuffer header = ByteBuffer.wrap(bytes);
        assertThat(header.get()).isZero();
        Schema written = registry.byId(header.getInt());
        Object generic = new GenericDatumReader<>(written)
                .read(null, DecoderFactory.get().binaryDecoder(bytes, 5, bytes.length - 5, null));
        assertThat(GenericData.get().validate(written, generic)).isTrue();
    }

    @ParameterizedTest
    @MethodSource("recordTypes")
    void truncated_bytes_are_refused_at_every_length(Schema schema) {
        byte[] bytes =
                codec.encode("any.topic", RandomRecords.of(schema, 1, SEED).get(0));
        for (int length = 0; length < bytes.length; length++) {
            byte[] cut = Arrays.copyOf(bytes, length);
            assertThatThrownBy(() -> codec.decode(cut)).isInstanceOf(UndecodableException.class);
            ByteBuffer amid = amidOthers(ByteBuffer.allocate(length + 8), cut);
            assertThatThrownBy(() -> codec.decode(amid)).isInstanceOf(UndecodableException.class);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
    void damaged_bytes_are_decoded_or_refused_but_never_end_otherwise(int seed) {
        Random random = new Random(seed);
        recordTypes().forEach(schema -> {
            byte[] bytes =
                    codec.encode("any.topic", RandomRecords.of(schema, 1, SEED).get(0));
            for (int i = 0; i < 200; i++) {
                byte[] damaged = bytes.clone();
                damaged[random.nextInt(damaged.length)] ^= (byte) (1 + random.nextInt(255));
                Object alone = outcome(ByteBuffer.wrap(damaged));
                Object amid = outcome(amidOthers(ByteBuffer.allocate(damaged.length + 8), damaged));
                assertThat(amid).isEqualTo(alone);
            }
        });
    }

    /** The record, or why it is refused. */
    private Object outcome(ByteBuffer bytes) {
        try {
            return codec.decode(bytes);
        } catch (UndecodableException refused) {
            assertThat(refused).hasMessageNotContaining("\n");
            return refused.getMessage();
        }
    }

    /** These bytes as a slice of a buffer that has 0xFF before and behind them, as records lie in a fetch. */
    private static ByteBuffer amidOthers(ByteBuffer whole, byte[] bytes) {
        while (whole.hasRemaining()) {
            whole.put((byte) 0xFF);
        }
        whole.put(3, bytes);
        return whole.slice(3, bytes.length);
    }

    @Test
    void a_wrong_magic_an_unknown_id_and_bytes_left_over_are_refused_with_their_reason() {
        byte[] bytes = codec.encode(
                "t",
                RandomRecords.of(recordTypes().findFirst().orElseThrow(), 1, SEED)
                        .get(0));
        byte[] wrongMagic = bytes.clone();
        wrongMagic[0] = 7;
        assertThatThrownBy(() -> codec.decode(wrongMagic)).hasMessage("first byte is 0x07, not 0x00");
        byte[] unknownId = bytes.clone();
        unknownId[1] = 1;
        assertThatThrownBy(() -> codec.decode(unknownId)).hasMessageContaining("is not in the registry");
        assertThatThrownBy(() -> codec.decode(Arrays.copyOf(bytes, bytes.length + 1)))
                .hasMessageContaining("left over");
    }

    @Test
    void a_record_that_is_not_ours_is_refused() {
        Schema foreign = SchemaBuilder.record("Foreign")
                .namespace("org.example")
                .fields()
                .endRecord();
        int id = registry.register("s", foreign);
        byte[] bytes = ByteBuffer.allocate(5).put((byte) 0).putInt(id).array();
        assertThatThrownBy(() -> codec.decode(bytes)).hasMessageContaining("no record of Keepup");
    }

    @Test
    void a_word_of_a_later_version_reads_as_unknown() throws Exception {
        Schema later = new Schema.Parser()
                .parse(io.keepup.v1.CancelSession.SCHEMA$
                        .toString()
                        .replace("\"superseded\"", "\"superseded\",\"later\""));
        GenericData.Record record = new org.apache.avro.generic.GenericRecordBuilder(later)
                .set(
                        "meta",
                        new RandomData(later.getField("meta").schema(), 1, SEED)
                                .iterator()
                                .next())
                .set("replicaId", "vs-2")
                .set("sessionId", 1L)
                .set(
                        "reason",
                        new GenericData.EnumSymbol(later.getField("reason").schema(), "later"))
                .build();
        var out = new java.io.ByteArrayOutputStream();
        out.write(ByteBuffer.allocate(5)
                .put((byte) 0)
                .putInt(registry.register("s", later))
                .array());
        var encoder = org.apache.avro.io.EncoderFactory.get().directBinaryEncoder(out, null);
        new org.apache.avro.generic.GenericDatumWriter<>(later).write(record, encoder);
        var read = (io.keepup.v1.CancelSession) codec.decode(out.toByteArray());
        assertThat(read.getReason()).isEqualTo(io.keepup.v1.FailureReason.unknown);
    }
}
