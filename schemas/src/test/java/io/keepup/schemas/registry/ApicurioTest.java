package io.keepup.schemas.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keepup.schemas.codec.ConfluentAvroCodec;
import io.keepup.schemas.codec.RandomRecords;
import io.keepup.schemas.codec.UndecodableException;
import io.keepup.schemas.topic.TopicSpec;
import io.keepup.schemas.topic.Topics;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.avro.Schema;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The codec on a registry that others wrote. */
@Timeout(400)
class ApicurioTest {

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final long SEED = 20_260_103;

    @TempDir
    private Path directory;

    @Test
    void all_topics_work_on_it_before_and_after_a_restart_and_what_does_not_fit_is_refused() throws Exception {
        List<TopicSpec> topics = Stream.concat(Topics.shared().stream(), Topics.lanes("vol-1").stream())
                .toList();
        Map<byte[], SpecificRecord> sent = new LinkedHashMap<>();
        try (Apicurio registry = Apicurio.start(directory)) {
            TopicSpec topic = topics.get(0);
            Schema schema = topic.records().get(0);
            SpecificRecord record = RandomRecords.of(schema, 1, SEED).get(0);
            try (HttpSchemaRegistry client = new HttpSchemaRegistry(registry.url(), PATIENCE)) {
                ConfluentAvroCodec codec = new ConfluentAvroCodec(client);
                assertThatThrownBy(() -> codec.encode(topic.name(), record))
                        .hasMessageContaining("keepup topics create");
                assertThatThrownBy(() -> codec.decode(new byte[] {0, 0, 15, 66, 63}))
                        .isInstanceOf(UndecodableException.class)
                        .hasMessageContaining("schema id 999999 is not in the registry");

                assertThat(SchemaRegistration.registerAll(client, topics)).isGreaterThan(20);
                for (TopicSpec each : topics) {
                    for (Schema type : each.records()) {
                        RandomRecords.of(type, 5, SEED).forEach(r -> sent.put(codec.encode(each.name(), r), r));
                    }
                }
                assertThatThrownBy(() -> client.register(
                                SchemaRegistry.subject(topic.name(), schema),
                                new Schema.Parser()
                                        .parse(schema.toString().replace("\"name\":\"role\"", "\"name\":\"duty\""))))
                        .isExactlyInstanceOf(RegistryException.class)
                        .hasMessageContaining("incompatible with an earlier version")
                        .hasMessageContaining(SchemaRegistry.subject(topic.name(), schema))
                        .hasMessageContaining("/fields/1");
            }
            registry.stop();
            try (HttpSchemaRegistry client = new HttpSchemaRegistry(registry.url(), Duration.ZERO)) {
                ConfluentAvroCodec codec = new ConfluentAvroCodec(client);
                assertThatThrownBy(() -> codec.encode(topic.name(), record))
                        .isExactlyInstanceOf(RegistryException.class)
                        .hasMessageContaining(registry.url() + " cannot be reached");
            }
            registry.start();
            try (HttpSchemaRegistry client = new HttpSchemaRegistry(registry.url(), PATIENCE)) {
                ConfluentAvroCodec codec = new ConfluentAvroCodec(client);
                assertThat(SchemaRegistration.registerAll(client, topics)).isGreaterThan(20);
                for (Map.Entry<byte[], SpecificRecord> each : sent.entrySet()) {
                    assertThat(codec.decode(each.getKey())).isEqualTo(each.getValue());
                }
            }
        }
    }
}
