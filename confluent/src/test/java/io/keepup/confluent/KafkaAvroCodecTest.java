package io.keepup.confluent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.confluent.kafka.schemaregistry.client.CachedSchemaRegistryClient;
import io.keepup.embedded.EmbeddedCluster;
import io.keepup.schemas.codec.AvroSafety;
import io.keepup.schemas.codec.ConfluentAvroCodec;
import io.keepup.schemas.codec.UndecodableException;
import io.keepup.schemas.registry.HttpSchemaRegistry;
import io.keepup.schemas.registry.RegistryException;
import io.keepup.schemas.registry.SchemaRegistration;
import io.keepup.schemas.registry.SchemaRegistry;
import io.keepup.schemas.topic.TopicSpec;
import io.keepup.schemas.topic.Topics;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.specific.SpecificRecord;
import org.apache.avro.util.RandomData;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Both codecs on one registry, with every record type on every topic. */
@Timeout(180)
class KafkaAvroCodecTest {

    static {
        AvroSafety.install();
    }

    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final long SEED = 20_260_104;
    private static final int CACHED = 1000;

    @TempDir
    private Path directory;

    @Test
    void confluents_serializer_and_our_codec_read_and_write_the_same_bytes() throws Exception {
        List<TopicSpec> topics = Stream.concat(Topics.shared().stream(), Topics.lanes("vol-1").stream())
                .toList();
        try (EmbeddedCluster cluster = EmbeddedCluster.start(directory);
                HttpSchemaRegistry registry = new HttpSchemaRegistry(cluster.registryUrl(), PATIENCE);
                KafkaAvroCodec theirs = codec(cluster.registryUrl())) {
            SchemaRegistration.registerAll(registry, topics);
            ConfluentAvroCodec ours = new ConfluentAvroCodec(registry);
            for (TopicSpec topic : topics) {
                for (Schema schema : topic.records()) {
                    int id = registry.idOf(SchemaRegistry.subject(topic.name(), schema), schema);
                    for (Object record : new RandomData(schema, 20, SEED)) {
                        byte[] bytes = bytes(id, schema, record);
                        SpecificRecord read = theirs.decode(bytes);
                        assertThat(read)
                                .as("%s on %s, seed %d", schema.getName(), topic.name(), SEED)
                                .isEqualTo(ours.decode(bytes));
                        assertThat(theirs.encode(topic.name(), read)).isEqualTo(bytes);
                        assertThat(ours.encode(topic.name(), read)).isEqualTo(bytes);
                    }
                }
            }
        }
    }

    @Test
    void what_cannot_be_decoded_is_told_from_a_registry_that_is_away() throws Exception {
        byte[] unknown = {0, 0, 15, 66, 63};
        KafkaAvroCodec codec;
        try (EmbeddedCluster cluster = EmbeddedCluster.start(directory)) {
            codec = codec(cluster.registryUrl());
            assertThatThrownBy(() -> codec.decode(unknown)).isInstanceOf(UndecodableException.class);
            assertThatThrownBy(() -> codec.decode(new byte[] {1, 2, 3, 4, 5})).isInstanceOf(UndecodableException.class);
        }
        assertThatThrownBy(() -> codec.decode(new byte[] {0, 0, 0, 0, 1})).isExactlyInstanceOf(RegistryException.class);
        codec.close();
    }

    private static KafkaAvroCodec codec(String url) {
        return new KafkaAvroCodec(new CachedSchemaRegistryClient(url, CACHED), url, Map.of());
    }

    private static byte[] bytes(int id, Schema schema, Object record) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(0);
        out.write(ByteBuffer.allocate(Integer.BYTES).putInt(id).array());
        BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(out, null);
        new GenericDatumWriter<>(schema).write(record, encoder);
        encoder.flush();
        return out.toByteArray();
    }
}
