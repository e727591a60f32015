package io.keepup.streams.audit.file;

import io.keepup.engine.Engine;
import io.keepup.engine.Policy;
import io.keepup.schemas.codec.ConfluentAvroCodec;
import io.keepup.schemas.consumer.CutRecord;
import io.keepup.schemas.registry.SchemaRegistry;
import io.keepup.schemas.registry.UnknownSchemaException;
import io.keepup.streams.audit.AuditException;
import io.keepup.streams.audit.AuditLog;
import io.keepup.streams.audit.Extent;
import io.keepup.streams.audit.Progress;
import io.keepup.streams.audit.verify.Reading;
import io.keepup.v1.export.ExportBegin;
import io.keepup.v1.export.ExportCut;
import io.keepup.v1.export.ExportEntry;
import io.keepup.v1.export.ExportHeader;
import io.keepup.v1.export.ExportRecord;
import io.keepup.v1.export.ExportSchema;
import io.keepup.v1.export.OutputPartition;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.avro.file.CodecFactory;
import org.apache.avro.file.DataFileWriter;
import org.apache.avro.specific.SpecificDatumWriter;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;

/**
 * Writes an audit to a file: the events of a volume and all that is on the topics of it, as raw bytes, with the schemas they
 * need. Nothing is held in memory.
 */
public final class AuditExport {

    /** Rises when what is in the file is laid out in another way. */
    static final String FORMAT = "2";

    static final String FORMAT_KEY = "keepup.audit.format";
    private static final int COMPRESSION = 6;

    private final AuditLog log;
    private final SchemaRegistry registry;
    private final Seal seal = new Seal(ExportEntry.SCHEMA$);
    private final Set<Integer> written = new HashSet<>();
    private long records;

    private AuditExport(AuditLog log, SchemaRegistry registry) {
        this.log = log;
        this.registry = registry;
    }

    /**
     * Writes what the log sees of its volume.
     *
     * @return records of all topics in the file
     * @throws AuditException when the file is there already or cannot be written; then nothing is left of it
     */
    public static long write(
            Path file, AuditLog log, SchemaRegistry registry, Policy policy, Instant now, Progress progress) {
        AuditExport export = new AuditExport(log, registry);
        OutputStream created = create(file);
        boolean done = false;
        try (OutputStream out = created) {
            export.write(out, policy, now, progress);
            done = true;
            return export.records;
        } catch (IOException | UncheckedIOException e) {
            throw new AuditException("cannot write %s: %s".formatted(file, e.getMessage()), e);
        } finally {
            if (!done) {
                discard(file);
            }
        }
    }

    private static OutputStream create(Path file) {
        try {
            return new BufferedOutputStream(Files.newOutputStream(file, StandardOpenOption.CREATE_NEW));
        } catch (FileAlreadyExistsException e) {
            throw new AuditException("%s is there already: name another file".formatted(file), e);
        } catch (IOException e) {
            throw new AuditException("cannot write %s: name a file in a folder that is there".formatted(file), e);
        }
    }

    private void write(OutputStream out, Policy policy, Instant now, Progress progress) throws IOException {
        try (DataFileWriter<ExportEntry> file = new DataFileWriter<>(new SpecificDatumWriter<>(ExportEntry.SCHEMA$))) {
            file.setCodec(CodecFactory.deflateCodec(COMPRESSION));
            file.setMeta(FORMAT_KEY, FORMAT);
            file.create(ExportEntry.SCHEMA$, out);
            append(file, begin(log.extent(), policy, now));
            log.events(progress, event -> {
                append(file, event);
                return true;
            });
            Reading reading = new Reading(new ConfluentAvroCodec(registry));
            log.outputs(progress, output -> {
                if (reading.concerns(log.extent(), output)) {
                    append(file, output);
                }
            });
            file.append(new ExportEntry(seal.end()));
        }
    }

    private static ExportBegin begin(Extent extent, Policy policy, Instant now) {
        List<OutputPartition> outputs = new ArrayList<>();
        extent.outputs().forEach((p, begin) -> outputs.add(new OutputPartition(p.topic(), p.partition(), begin)));
        return new ExportBegin(
                extent.volumeId(),
                policy.name(),
                Engine.VERSION,
                now,
                extent.partition(),
                extent.partitions(),
                extent.begin(),
                extent.end(),
                outputs);
    }

    private void append(DataFileWriter<ExportEntry> file, ConsumerRecord<byte[], byte[]> record) {
        schemaOf(record.value(), file);
        CutRecord cut = CutRecord.of(record.headers());
        List<ExportHeader> headers = new ArrayList<>();
        for (Header header : record.headers()) {
            if (header != cut) {
                headers.add(new ExportHeader(header.key(), buffer(header.value())));
            }
        }
        boolean wholeValue = cut == null || cut.valuePart() == null;
        append(
                file,
                new ExportRecord(
                        record.topic(),
                        record.partition(),
                        record.offset(),
                        Instant.ofEpochMilli(record.timestamp()),
                        buffer(record.key()),
                        buffer(wholeValue ? record.value() : cut.valuePart().kept()),
                        headers,
                        cut == null ? null : exported(cut.keyPart()),
                        wholeValue ? null : exported(cut.valuePart()),
                        cut == null ? null : exported(cut.headersPart())));
        records++;
    }

    private static ExportCut exported(CutRecord.Part part) {
        return part == null ? null : new ExportCut(part.bytes(), part.sha256());
    }

    /** What the registry does not know was undecodable for the fold, and must be so for the reader. */
    private void schemaOf(byte[] value, DataFileWriter<ExportEntry> file) {
        if (value == null || value.length < Integer.BYTES + 1 || value[0] != 0) {
            return;
        }
        int id = ByteBuffer.wrap(value).getInt(1);
        if (!written.add(id)) {
            return;
        }
        try {
            append(file, new ExportSchema(id, registry.byId(id).toString()));
        } catch (UnknownSchemaException e) {
            // the file has no schema of that id either
        }
    }

    private void append(DataFileWriter<ExportEntry> file, SpecificRecord entry) {
        try {
            file.appendEncoded(seal.take(new ExportEntry(entry)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static ByteBuffer buffer(byte[] bytes) {
        return bytes == null ? null : ByteBuffer.wrap(bytes);
    }

    private static void discard(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            throw new AuditException("%s is incomplete and cannot be deleted: delete it".formatted(file), e);
        }
    }
}
