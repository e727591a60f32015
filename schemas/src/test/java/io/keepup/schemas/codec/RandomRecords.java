package io.keepup.schemas.codec;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificDatumReader;
import org.apache.avro.specific.SpecificRecord;
import org.apache.avro.util.RandomData;

/** Records of a type with random content, as this build's classes. */
public final class RandomRecords {

    static {
        AvroSafety.install();
    }

    private RandomRecords() {}

    public static List<SpecificRecord> of(Schema schema, int count, long seed) {
        List<SpecificRecord> records = new ArrayList<>();
        Class<?> type = SpecificData.get().getClass(schema);
        SpecificData model = SpecificData.getForClass(type);
        try {
            for (Object generic : new RandomData(schema, count, seed)) {
                var out = new ByteArrayOutputStream();
                var encoder = EncoderFactory.get().directBinaryEncoder(out, null);
                new GenericDatumWriter<>(schema).write(generic, encoder);
                records.add(new SpecificDatumReader<SpecificRecord>(schema, schema, model)
                        .read(null, DecoderFactory.get().binaryDecoder(out.toByteArray(), null)));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return records;
    }
}
