package io.keepup.streams.audit.file;

import io.keepup.schemas.codec.AvroSafety;
import io.keepup.v1.export.ExportEnd;
import io.keepup.v1.export.ExportEntry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import org.apache.avro.Schema;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DatumWriter;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.specific.SpecificDatumWriter;

/** Counts and digests the entries of an export, so that its end proves that all of them are there, unaltered. */
final class Seal {

    static {
        AvroSafety.install();
    }

    private final MessageDigest digest;
    private final DatumWriter<ExportEntry> writer;
    private final ByteArrayOutputStream out = new ByteArrayOutputStream(1024);
    private BinaryEncoder encoder;
    private long entries;

    /** @param written the schema of the file's entries */
    Seal(Schema written) {
        writer = new SpecificDatumWriter<>(written);
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every JDK has it
        }
    }

    /** Takes the next entry; its bytes. */
    ByteBuffer take(ExportEntry entry) {
        byte[] bytes = bytes(entry);
        digest.update(bytes);
        entries++;
        return ByteBuffer.wrap(bytes);
    }

    /** Entries so far. */
    long entries() {
        return entries;
    }

    /** The end that belongs to the entries; nothing may be taken after it. */
    ExportEnd end() {
        return new ExportEnd(entries, ByteBuffer.wrap(digest.digest()));
    }

    private byte[] bytes(ExportEntry entry) {
        out.reset();
        encoder = EncoderFactory.get().directBinaryEncoder(out, encoder);
        try {
            writer.write(entry, encoder);
            encoder.flush();
        } catch (IOException e) {
            throw new UncheckedIOException(e); // memory does not fail
        }
        return out.toByteArray();
    }
}
