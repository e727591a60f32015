package io.keepup.schemas.codec;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import org.apache.avro.LogicalType;
import org.apache.avro.LogicalTypes;
import org.apache.avro.Schema;
import org.apache.avro.io.Encoder;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificDatumWriter;
import org.apache.avro.specific.SpecificRecord;
import org.apache.avro.specific.SpecificRecordBase;

/**
 * Writes the records of one generated type, the same bytes as Avro's own writer. That one asks of each value of each record
 * what its schema is; here it is settled once. Records without a time within write themselves; what no record of Keepup
 * has is left to Avro. Thread-safe.
 */
final class RecordWriter {

    /** Writes values of one schema. */
    private interface Step {
        void write(Object value, Encoder out) throws IOException;
    }

    private final SpecificData model;
    private final Step step;

    /**
     * @param schema of a generated record type, as that type has it
     * @param model of the type, see {@link SpecificData#getForClass}
     */
    RecordWriter(Schema schema, SpecificData model) {
        this.model = model;
        this.step = step(schema);
    }

    /** @throws NullPointerException when the record lacks a value */
    void write(SpecificRecord value, Encoder out) throws IOException {
        step.write(value, out);
    }

    private Step step(Schema schema) {
        LogicalType meaning = schema.getLogicalType();
        if (meaning != null) {
            return meaning.equals(LogicalTypes.timestampMillis())
                    ? (value, out) -> out.writeLong(((Instant) value).toEpochMilli())
                    : asAvroDoes(schema);
        }
        return switch (schema.getType()) {
            case STRING -> (value, out) -> out.writeString((String) value);
            case LONG -> (value, out) -> out.writeLong((Long) value);
            case INT -> (value, out) -> out.writeInt((Integer) value);
            case BOOLEAN -> (value, out) -> out.writeBoolean((Boolean) value);
            case BYTES -> (value, out) -> out.writeBytes((ByteBuffer) value);
            case ENUM -> (value, out) -> out.writeEnum(((Enum<?>) value).ordinal());
            case ARRAY -> array(step(schema.getElementType()));
            case UNION -> union(schema);
            case RECORD -> record(schema);
            default -> asAvroDoes(schema);
        };
    }

    private Step record(Schema schema) {
        if (writesItself(model.getClass(schema))) {
            return (value, out) -> ((SpecificRecordBase) value).customEncode(out);
        }
        Step[] fields =
                schema.getFields().stream().map(field -> step(field.schema())).toArray(Step[]::new);
        return (value, out) -> {
            SpecificRecord record = (SpecificRecord) value;
            for (int i = 0; i < fields.length; i++) {
                fields[i].write(record.get(i), out);
            }
        };
    }

    private static boolean writesItself(Class<?> type) {
        try {
            type.getDeclaredMethod("customEncode", Encoder.class);
            return true;
        } catch (NoSuchMethodException e) {
            return false;
        }
    }

    private static Step array(Step element) {
        return (value, out) -> {
            Collection<?> all = (Collection<?>) value;
            out.writeArrayStart();
            out.setItemCount(all.size());
            for (Object each : all) {
                out.startItem();
                element.write(each, out);
            }
            out.writeArrayEnd();
        };
    }

    /** Of null and something. */
    private Step union(Schema schema) {
        List<Schema> types = schema.getTypes();
        if (types.size() != 2 || types.get(0).getType() != Schema.Type.NULL) {
            return asAvroDoes(schema);
        }
        Step something = step(types.get(1));
        return (value, out) -> {
            if (value == null) {
                out.writeIndex(0);
                out.writeNull();
            } else {
                out.writeIndex(1);
                something.write(value, out);
            }
        };
    }

    private Step asAvroDoes(Schema schema) {
        return new SpecificDatumWriter<>(schema, model)::write;
    }
}
