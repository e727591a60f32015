package io.keepup.schemas.codec;

import static org.assertj.core.api.Assertions.assertThat;

import io.keepup.schemas.topic.TopicSpec;
import io.keepup.schemas.topic.Topics;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.apache.avro.Schema;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificDatumWriter;
import org.apache.avro.specific.SpecificRecord;

/** Every record on every topic, with whatever its schema allows in it, comes back as it went in. */
class RoundTripTest {

    /** Year 9999. */
    private static final long LAST_MS = 253_402_300_799_999L;

    private final InMemoryRegistry registry = new InMemoryRegistry();
    private final RecordCodec codec = new ConfluentAvroCodec(registry);

    private record Sent(TopicSpec topic, SpecificRecord record) {}

    @Property(tries = 1_000)
    void anyRecordSurvivesItsWay(@ForAll("records") Sent sent) throws UndecodableException {
        byte[] bytes = codec.encode(sent.topic().name(), sent.record());

        assertThat(codec.decode(bytes)).isEqualTo(sent.record()).hasSameClassAs(sent.record());
    }

    @Property(tries = 1_000)
    void anyRecordHasTheBytesThatAvroWrites(@ForAll("records") Sent sent) throws IOException {
        byte[] bytes = codec.encode(sent.topic().name(), sent.record());

        Schema schema = sent.record().getSchema();
        Class<?> type = sent.record().getClass();
        var out = new ByteArrayOutputStream();
        var encoder = EncoderFactory.get().directBinaryEncoder(out, null);
        new SpecificDatumWriter<SpecificRecord>(schema, SpecificData.getForClass(type)).write(sent.record(), encoder);
        assertThat(Arrays.copyOfRange(bytes, 5, bytes.length)).isEqualTo(out.toByteArray());
    }

    @Provide
    Arbitrary<Sent> records() {
        List<TopicSpec> topics = Stream.concat(Topics.shared().stream(), Topics.lanes("vol-1").stream())
                .toList();
        return Arbitraries.of(topics).flatMap(topic -> Arbitraries.of(topic.records())
                .flatMap(schema -> any(schema).map(r -> new Sent(topic, (SpecificRecord) r))));
    }

    private static Arbitrary<Object> any(Schema schema) {
        return switch (schema.getType()) {
            case RECORD ->
                Combinators.combine(schema.getFields().stream()
                                .map(f -> any(f.schema()))
                                .toList())
                        .as(values -> record(schema, values));
            case UNION ->
                Arbitraries.oneOf(
                        schema.getTypes().stream().map(RoundTripTest::any).toList());
            case ARRAY -> any(schema.getElementType()).list().ofMaxSize(3).asGeneric();
            case ENUM ->
                Arbitraries.of(SpecificData.get().getClass(schema).getEnumConstants())
                        .asGeneric();
            case LONG ->
                schema.getLogicalType() == null
                        ? Arbitraries.longs().asGeneric()
                        : Arbitraries.longs()
                                .between(0, LAST_MS)
                                .map(Instant::ofEpochMilli)
                                .asGeneric();
            case INT -> Arbitraries.integers().asGeneric();
            case BOOLEAN -> Arbitraries.of(true, false).asGeneric();
            case STRING ->
                Arbitraries.strings()
                        .withCharRange('\0', '\uD7FF')
                        .ofMaxLength(20)
                        .asGeneric();
            case BYTES ->
                Arbitraries.bytes()
                        .array(byte[].class)
                        .ofMaxSize(40)
                        .map(ByteBuffer::wrap)
                        .asGeneric();
            case NULL -> Arbitraries.just(null);
            case MAP, FIXED, FLOAT, DOUBLE -> throw new AssertionError("no record has a " + schema.getType());
        };
    }

    private static Object record(Schema schema, List<Object> values) {
        SpecificRecord record = (SpecificRecord) SpecificData.get().newRecord(null, schema);
        for (int i = 0; i < values.size(); i++) {
            record.put(i, values.get(i));
        }
        return record;
    }
}
