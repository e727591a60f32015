package io.keepup.schemas.registry;

import static org.assertj.core.api.Assertions.assertThat;

import io.keepup.embedded.EmbeddedCluster;
import io.keepup.schemas.codec.ConfluentAvroCodec;
import io.keepup.schemas.codec.RandomRecords;
import io.keepup.schemas.topic.TopicSpec;
import io.keepup.schemas.topic.Topics;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.apache.avro.specific.SpecificRecord;
import org.apache.flink.avro.registry.confluent.shaded.io.confluent.kafka.schemaregistry.avro.AvroSchema;
import org.apache.flink.avro.registry.confluent.shaded.io.confluent.kafka.schemaregistry.client.CachedSchemaRegistryClient;
import org.apache.flink.avro.shaded.org.apache.avro.Schema;
import org.apache.flink.avro.shaded.org.apache.avro.generic.GenericDatumReader;
import org.apache.flink.avro.shaded.org.apache.avro.generic.GenericDatumWriter;
import org.apache.flink.avro.shaded.org.apache.avro.io.BinaryDecoder;
import org.apache.flink.avro.shaded.org.apache.avro.io.BinaryEncoder;
import org.apache.flink.avro.shaded.org.apache.avro.io.DecoderFactory;
import org.apache.flink.avro.shaded.org.apache.avro.io.EncoderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Confluent's own registry client and another Avro, as found within Flink, get the same ids and bytes as we do. */
@Timeout(120)
class ConfluentClientTest {

    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final int HEADER = 5;
    private static final long SEED = 20_260_102;

    @TempDir
    private Path directory;

    @Test
    void ids_and_bytes_of_every_record_type_on_every_topic_are_the_same() throws Exception {
        List<TopicSpec> topics = Stream.concat(Topics.shared().stream(), Topics.lanes("vol-1").stream())
                .toList();
        try (EmbeddedCluster cluster = EmbeddedCluster.start(directory);
                HttpSchemaRegistry ours = new HttpSchemaRegistry(cluster.registryUrl(), PATIENCE);
                CachedSchemaRegistryClient theirs = new CachedSchemaRegistryClient(cluster.registryUrl(), 100)) {
            ConfluentAvroCodec codec = new ConfluentAvroCodec(ours);
            int types = 0;
            for (TopicSpec topic : topics) {
                for (org.apache.avro.Schema schema : topic.records()) {
                    String subject = SchemaRegistry.subject(topic.name(), schema);
                    AvroSchema seen = new AvroSchema(schema.toString());
                    boolean theirTurn = types++ % 2 == 0;
                    int id = theirTurn ? theirs.register(subject, seen) : ours.register(subject, schema);
                    assertThat(theirs.getId(subject, seen)).isEqualTo(id);
                    assertThat(ours.idOf(subject, schema)).isEqualTo(id);
                    for (SpecificRecord record : RandomRecords.of(schema, 20, SEED)) {
                        byte[] bytes = codec.encode(topic.name(), record);
                        assertThat(ByteBuffer.wrap(bytes, 1, 4).getInt()).isEqualTo(id);
                        Schema fetched = ((AvroSchema) theirs.getSchemaById(id)).rawSchema();
                        assertThat(readAndWrittenAgain(fetched, bytes))
                                .as("%s on %s, seed %d", schema.getName(), topic.name(), SEED)
                                .isEqualTo(bytes);
                    }
                }
            }
            assertThat(types).isGreaterThan(20);
        }
    }

    private static byte[] readAndWrittenAgain(Schema schema, byte[] bytes) throws IOException {
        BinaryDecoder decoder = DecoderFactory.get().binaryDecoder(bytes, HEADER, bytes.length - HEADER, null);
        Object record = new GenericDatumReader<>(schema).read(null, decoder);
        assertThat(decoder.isEnd()).isTrue();
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(bytes, 0, HEADER);
        BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(out, null);
        new GenericDatumWriter<>(schema).write(record, encoder);
        encoder.flush();
        return out.toByteArray();
    }
}
