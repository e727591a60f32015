package io.keepup.schemas.codec;

import io.keepup.schemas.registry.SchemaRegistry;
import io.keepup.schemas.registry.UnknownSchemaException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Schema;
import org.apache.avro.io.DatumReader;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificDatumReader;
import org.apache.avro.specific.SpecificRecord;

/**
 * Confluent's wire format.
 *
 * <pre>
 * +------+-----------------------+--------------------+
 * | 0x00 | schema id, 4 bytes BE | Avro binary        |
 * +------+-----------------------+--------------------+
 * </pre>
 *
 * Never registers a schema: whoever creates a topic registers what it may hold.
 */
public final class ConfluentAvroCodec implements RecordCodec {

    private static final byte MAGIC = 0;
    private static final int HEADER = 5;
    private static final String GENERATED = "io.keepup.v1";

    static {
        AvroSafety.install();
    }

    private final SchemaRegistry registry;
    private final Map<Target, Writer> writers = new ConcurrentHashMap<>();
    /** In the order in which their ids were met: a handful, and the most frequent ones are met first. */
    private volatile Reader[] readers = {};

    /** The registry's, when writers and readers were last looked up. */
    private volatile int generation;

    private final ThreadLocal<Scratch> scratch = ThreadLocal.withInitial(Scratch::new);

    public ConfluentAvroCodec(SchemaRegistry registry) {
        this.registry = registry;
    }

    @Override
    public byte[] encode(String topic, SpecificRecord value) {
        Writer writer = writer(topic, value.getSchema());
        RecordEncoder out = scratch.get().out;
        out.writeByte(MAGIC);
        out.writeByte(writer.id >>> 24);
        out.writeByte(writer.id >>> 16);
        out.writeByte(writer.id >>> 8);
        out.writeByte(writer.id);
        try {
            writer.record.write(value, out);
            return out.take();
        } catch (IOException e) {
            throw new UncheckedIOException(e); // memory does not fail
        } finally {
            out.forget();
        }
    }

    @Override
    public SpecificRecord decode(ByteBuffer bytes) throws UndecodableException {
        if (!bytes.hasArray()) { // direct, or read-only
            return decode(ByteBuffer.allocate(bytes.remaining())
                    .put(bytes.duplicate())
                    .flip());
        }
        int begin = bytes.position();
        if (bytes.remaining() < HEADER) {
            throw new UndecodableException("%s bytes are too few for a record".formatted(bytes.remaining()));
        }
        if (bytes.get(begin) != MAGIC) {
            throw new UndecodableException(
                    String.format(Locale.ROOT, "first byte is 0x%02x, not 0x00", bytes.get(begin)));
        }
        int id = bytes.getInt(begin + 1);
        DatumReader<SpecificRecord> reader = reader(id);
        Scratch s = scratch.get();
        SharingDecoder decoder =
                s.decoder.over(bytes.array(), bytes.arrayOffset() + begin + HEADER, bytes.remaining() - HEADER);
        try {
            SpecificRecord value = reader.read(null, decoder);
            if (!decoder.isEnd()) {
                throw new UndecodableException("bytes are left over after the record of schema id " + id);
            }
            return value;
        } catch (IOException | RuntimeException e) {
            // Avro answers damaged input with a range of unchecked exceptions; each is a verdict on these bytes.
            throw new UndecodableException("the bytes do not fit schema id %s: %s".formatted(id, e), e);
        } finally {
            decoder.forget();
        }
    }

    private DatumReader<SpecificRecord> reader(int id) throws UndecodableException {
        keepUpWithRegistry();
        for (Reader known : readers) {
            if (known.id == id) {
                return known.record;
            }
        }
        Schema written;
        try {
            written = registry.byId(id);
        } catch (UnknownSchemaException e) {
            throw new UndecodableException(e.getMessage(), e);
        }
        if (written.getType() != Schema.Type.RECORD || !GENERATED.equals(written.getNamespace())) {
            throw new UndecodableException(
                    "schema id %s is %s, no record of Keepup".formatted(id, written.getFullName()));
        }
        Class<?> type = SpecificData.get().getClass(written);
        if (type == null) {
            throw new UndecodableException("record type %s is not known here".formatted(written.getFullName()));
        }
        try {
            SpecificData model = SpecificData.getForClass(type);
            DatumReader<SpecificRecord> reader = new SpecificDatumReader<>(written, model.getSchema(type), model);
            return remembered(new Reader(id, reader)).record;
        } catch (AvroRuntimeException e) {
            throw new UndecodableException(
                    "schema id %s of %s cannot be read as this version's".formatted(id, written.getFullName()), e);
        }
    }

    private synchronized Reader remembered(Reader reader) {
        Reader[] more = Arrays.copyOf(readers, readers.length + 1);
        more[readers.length] = reader;
        readers = more;
        return reader;
    }

    /** A registry that was wiped and filled again has other ids: what is written under the old ones cannot be read. */
    private void keepUpWithRegistry() {
        int now = registry.generation();
        if (now != generation) {
            renew(now);
        }
    }

    private synchronized void renew(int now) {
        writers.clear();
        readers = new Reader[0];
        generation = now;
    }

    private Writer writer(String topic, Schema schema) {
        keepUpWithRegistry();
        Target target = new Target(topic, schema);
        Writer known = writers.get(target);
        if (known != null) {
            return known;
        }
        Class<?> type = SpecificData.get().getClass(schema);
        Writer writer = new Writer(
                registry.idOf(SchemaRegistry.subject(topic, schema), schema),
                new RecordWriter(schema, SpecificData.getForClass(type)));
        writers.put(target, writer);
        return writer;
    }

    /** A record type on a topic. */
    private record Target(String topic, Schema schema) {}

    private record Writer(int id, RecordWriter record) {}

    private record Reader(int id, DatumReader<SpecificRecord> record) {}

    private static final class Scratch {
        final RecordEncoder out = new RecordEncoder();
        final SharingDecoder decoder = new SharingDecoder();
    }
}
