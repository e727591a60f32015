package io.keepup.confluent;

import io.confluent.kafka.schemaregistry.client.SchemaRegistryClient;
import io.confluent.kafka.schemaregistry.client.rest.exceptions.RestClientException;
import io.confluent.kafka.serializers.KafkaAvroDeserializer;
import io.confluent.kafka.serializers.KafkaAvroSerializer;
import io.confluent.kafka.serializers.subject.TopicRecordNameStrategy;
import io.keepup.schemas.codec.AvroSafety;
import io.keepup.schemas.codec.RecordCodec;
import io.keepup.schemas.codec.UndecodableException;
import io.keepup.schemas.registry.RegistryException;
import java.io.IOException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import javax.net.ssl.SSLException;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.utils.Utils;

/**
 * Keepup's records by Confluent's own serializer, for who must run on it. Subjects, ids and bytes are those of
 * {@link io.keepup.schemas.codec.ConfluentAvroCodec}; unlike there, bytes left over after a record go unnoticed, because
 * Confluent's deserializer does not look.
 */
public final class KafkaAvroCodec implements RecordCodec, AutoCloseable {

    private static final int HEADER = 5;
    private static final int SCHEMA_NOT_FOUND = 40403;
    private static final String GENERATED = "io.keepup.v1";

    /** Takes part in finding rules only, of which Keepup's subjects have none. */
    private static final String NO_TOPIC = "keepup";

    static {
        AvroSafety.install();
    }

    private final SchemaRegistryClient registry;
    private final KafkaAvroSerializer serializer;
    private final KafkaAvroDeserializer deserializer;

    /**
     * @param registry Confluent's client, with Avro among its providers; closed with this
     * @param url base URL of the registry, which Confluent's configuration insists on
     * @param settings further settings by Confluent's names
     */
    public KafkaAvroCodec(SchemaRegistryClient registry, String url, Map<String, ?> settings) {
        this.registry = registry;
        Map<String, Object> all = new HashMap<>(settings);
        all.put("schema.registry.url", url);
        all.put("value.subject.name.strategy", TopicRecordNameStrategy.class.getName());
        all.put("specific.avro.reader", true);
        all.putIfAbsent("auto.register.schemas", false);
        serializer = new KafkaAvroSerializer(registry, all);
        deserializer = new KafkaAvroDeserializer(registry, all);
    }

    @Override
    public byte[] encode(String topic, SpecificRecord value) {
        try {
            return serializer.serialize(topic, value);
        } catch (KafkaException e) {
            throw new RegistryException(
                    "%s on topic %s cannot be encoded (%s): run 'keepup topics create', and look at the registry"
                            .formatted(value.getSchema().getFullName(), topic, reason(e)),
                    e);
        }
    }

    @Override
    public SpecificRecord decode(ByteBuffer bytes) throws UndecodableException {
        return decode(Utils.toArray(bytes));
    }

    @Override
    public SpecificRecord decode(byte[] bytes) throws UndecodableException {
        if (bytes.length < HEADER) {
            throw new UndecodableException("%s bytes are too few for a record".formatted(bytes.length));
        }
        if (bytes[0] != 0) {
            throw new UndecodableException(String.format(Locale.ROOT, "first byte is 0x%02x, not 0x00", bytes[0]));
        }
        int id = ByteBuffer.wrap(bytes, 1, HEADER - 1).getInt();
        requireSchema(id);
        Object value;
        try {
            value = deserializer.deserialize(NO_TOPIC, bytes);
        } catch (RuntimeException e) {
            if (isOfRegistry(e)) {
                throw away(e);
            }
            // Avro answers damaged input with a range of unchecked exceptions; each is a verdict on these bytes.
            throw new UndecodableException("the bytes do not fit schema id %s: %s".formatted(id, reason(e)), e);
        }
        if (!(value instanceof SpecificRecord)
                || !GENERATED.equals(((SpecificRecord) value).getSchema().getNamespace())) {
            throw new UndecodableException("schema id %s is no record of Keepup".formatted(id));
        }
        return (SpecificRecord) value;
    }

    /** Asked first, by itself, so that a registry that is away is never taken for a damaged record. */
    private void requireSchema(int id) throws UndecodableException {
        try {
            registry.getSchemaById(id);
        } catch (RestClientException e) {
            if (e.getErrorCode() == SCHEMA_NOT_FOUND) {
                throw new UndecodableException("schema id " + id + " is not in the registry", e);
            }
            throw away(e);
        } catch (IOException e) {
            throw away(e);
        }
    }

    private static RegistryException away(Exception e) {
        return new RegistryException(
                "the schema registry does not answer (%s): start it, or check its URL and login".formatted(reason(e)), e);
    }

    private static boolean isOfRegistry(Throwable failure) {
        for (Throwable e = failure; e != null; e = e.getCause()) {
            if (e instanceof RestClientException
                    || e instanceof SocketException
                    || e instanceof SocketTimeoutException
                    || e instanceof UnknownHostException
                    || e instanceof SSLException) {
                return true;
            }
        }
        return false;
    }

    /** What the innermost exception says. */
    private static String reason(Throwable failure) {
        Throwable e = failure;
        while (e.getCause() != null) {
            e = e.getCause();
        }
        return String.valueOf(e.getMessage());
    }

    @Override
    public void close() throws IOException {
        serializer.close();
        deserializer.close();
        registry.close();
    }
}
