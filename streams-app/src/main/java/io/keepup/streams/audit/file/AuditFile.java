package io.keepup.streams.audit.file;

import io.keepup.schemas.codec.ConfluentAvroCodec;
import io.keepup.schemas.codec.RecordCodec;
import io.keepup.schemas.consumer.BoundedConsumer;
import io.keepup.schemas.consumer.CutRecord;
import io.keepup.schemas.topic.Topics;
import io.keepup.streams.audit.AuditException;
import io.keepup.streams.audit.AuditLog;
import io.keepup.streams.audit.Extent;
import io.keepup.streams.audit.Place;
import io.keepup.streams.audit.Progress;
import io.keepup.v1.export.ExportBegin;
import io.keepup.v1.export.ExportCut;
import io.keepup.v1.export.ExportEnd;
import io.keepup.v1.export.ExportEntry;
import io.keepup.v1.export.ExportHeader;
import io.keepup.v1.export.ExportRecord;
import io.keepup.v1.export.ExportSchema;
import io.keepup.v1.export.OutputPartition;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Schema;
import org.apache.avro.file.DataFileStream;
import org.apache.avro.specific.SpecificDatumReader;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;

/** An exported audit. Read from front to back each time it is asked, so that its size does not matter. */
public final class AuditFile implements AuditLog {

    private static final int TOLD_EVERY = 4096;

    private static final Map<String, Schema> FORMATS =
            Map.of("1", firstFormat(), AuditExport.FORMAT, ExportEntry.SCHEMA$);

    private final Path path;
    private final FileRegistry registry = new FileRegistry();
    private ExportBegin begin;
    private Extent extent;
    private long entries;

    private AuditFile(Path path) {
        this.path = path;
    }

    /**
     * Opens a file, and reads it once to see that it is whole.
     *
     * @throws AuditException when it is no exported audit, or is cut short or altered
     */
    public static AuditFile open(Path path) {
        AuditFile file = new AuditFile(path);
        file.check();
        return file;
    }

    /** Reads and writes by the schemas in the file. */
    public RecordCodec codec() {
        return new ConfluentAvroCodec(registry);
    }

    public String volumeId() {
        return begin.getVolumeId();
    }

    /** Name of the policy that was in force. */
    public String policy() {
        return begin.getPolicy();
    }

    @Override
    public Extent extent() {
        return extent;
    }

    /** The same, seen up to an earlier end only. */
    public void endAt(long earlier) {
        extent = extent.until(earlier);
    }

    private void check() {
        Seal seal = new Seal(written());
        Optional<ExportEnd> end = read(entry -> {
            if (entry.getEntry() instanceof ExportEnd) {
                return false;
            }
            seal.take(entry);
            boolean first = seal.entries() == 1;
            if (first != entry.getEntry() instanceof ExportBegin) {
                throw altered();
            }
            if (entry.getEntry() instanceof ExportBegin said) {
                begin = said;
            } else if (entry.getEntry() instanceof ExportSchema schema) {
                registry.put(schema.getId(), new Schema.Parser().parse(schema.getJson()));
            }
            return true;
        });
        if (end.isEmpty()) {
            throw new AuditException("%s is cut short: export it again".formatted(path));
        }
        if (begin == null || !seal.end().equals(end.get())) {
            throw altered();
        }
        entries = seal.entries();
        Map<TopicPartition, Long> outputs = new HashMap<>();
        for (OutputPartition p : begin.getOutputs()) {
            outputs.put(new TopicPartition(p.getTopic(), p.getPartition()), p.getBegin());
        }
        extent = new Extent(
                begin.getVolumeId(),
                begin.getPartition(),
                begin.getPartitions(),
                begin.getBegin(),
                begin.getEnd(),
                outputs);
    }

    private AuditException altered() {
        return new AuditException("%s was altered after it was exported: export it again".formatted(path));
    }

    @Override
    public void events(Progress progress, Predicate<ConsumerRecord<byte[], byte[]>> sink) {
        records(progress, "replaying", record -> {
            boolean event = record.topic().equals(Topics.EVENTS);
            return event && record.offset() < extent.end() && sink.test(record);
        });
    }

    @Override
    public void outputs(Progress progress, Consumer<ConsumerRecord<byte[], byte[]>> sink) {
        records(progress, "reading outputs", record -> {
            if (!record.topic().equals(Topics.EVENTS)) {
                sink.accept(record);
            }
            return true;
        });
    }

    @Override
    public List<ConsumerRecord<byte[], byte[]>> fetch(Collection<Place> places) {
        Set<Place> wanted = new HashSet<>(places);
        List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
        outputs(Progress.NONE, record -> {
            if (wanted.contains(Place.of(record))) {
                records.add(record);
            }
        });
        return records;
    }

    private void records(Progress progress, String what, Predicate<ConsumerRecord<byte[], byte[]>> sink) {
        long[] done = {0};
        read(entry -> {
            if (++done[0] % TOLD_EVERY == 0) {
                progress.at(what, done[0], entries);
            }
            return !(entry.getEntry() instanceof ExportEnd)
                    && (!(entry.getEntry() instanceof ExportRecord record) || sink.test(record(record)));
        });
    }

    /** Reads until the sink answers false; the end of the file, if that is where it did. */
    private Optional<ExportEnd> read(Predicate<ExportEntry> sink) {
        try (InputStream in = new BufferedInputStream(Files.newInputStream(path));
                DataFileStream<ExportEntry> file = stream(in)) {
            for (ExportEntry entry = next(file); entry != null; entry = next(file)) {
                if (!sink.test(entry)) {
                    return entry.getEntry() instanceof ExportEnd end && next(file) == null
                            ? Optional.of(end)
                            : Optional.empty();
                }
            }
            return Optional.empty();
        } catch (NoSuchFileException e) {
            throw new AuditException("there is no file %s".formatted(path), e);
        } catch (IOException | AvroRuntimeException e) {
            throw unreadable(e);
        }
    }

    /** The schema of the entries, which is its format's. */
    private Schema written() {
        try (InputStream in = new BufferedInputStream(Files.newInputStream(path));
                DataFileStream<ExportEntry> file = stream(in)) {
            String format = file.getMetaString(AuditExport.FORMAT_KEY);
            Schema schema = FORMATS.get(format == null ? "" : format);
            if (schema == null) {
                throw new AuditException(
                        format == null
                                ? "%s is no exported audit: 'keepup audit VOLUME --export FILE' writes one"
                                        .formatted(path)
                                : "%s is an audit of format %s, this build reads up to %s: use the build that wrote it"
                                        .formatted(path, format, AuditExport.FORMAT));
            }
            if (!schema.equals(file.getSchema())) {
                throw altered();
            }
            return schema;
        } catch (NoSuchFileException e) {
            throw new AuditException("there is no file %s".formatted(path), e);
        } catch (IOException e) {
            throw unreadable(e);
        }
    }

    private static Schema firstFormat() {
        try (InputStream in = AuditFile.class.getResourceAsStream("export-1.avsc")) {
            return new Schema.Parser().parse(in);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private DataFileStream<ExportEntry> stream(InputStream in) throws IOException {
        try {
            return new DataFileStream<>(in, new SpecificDatumReader<>(ExportEntry.SCHEMA$));
        } catch (RuntimeException | OutOfMemoryError e) {
            throw unreadable(e);
        }
    }

    /** Null at the end. Avro answers damage with whatever comes of it, a garbled length with an array that does not fit. */
    private ExportEntry next(DataFileStream<ExportEntry> file) {
        try {
            return file.hasNext() ? file.next() : null;
        } catch (RuntimeException | OutOfMemoryError e) {
            throw unreadable(e);
        }
    }

    private AuditException unreadable(Throwable e) {
        return begin == null
                ? new AuditException(
                        "%s is no exported audit: 'keepup audit VOLUME --export FILE' writes one".formatted(path), e)
                : new AuditException("%s is cut short or altered: export it again".formatted(path), e);
    }

    /** As the fold was given it: a file of the first format holds what is large whole. */
    private static ConsumerRecord<byte[], byte[]> record(ExportRecord r) {
        CutRecord cut = cut(r);
        RecordHeaders headers = new RecordHeaders();
        if (cut != null) {
            headers.add(cut);
        }
        for (ExportHeader header : r.getHeaders()) {
            headers.add(header.getName(), bytes(header.getValue()));
        }
        byte[] key = bytes(r.getKey());
        byte[] value = cut != null && cut.valuePart() != null ? new byte[0] : bytes(r.getValue());
        ConsumerRecord<byte[], byte[]> record = new ConsumerRecord<>(
                r.getTopic(),
                r.getPartition(),
                r.getOffset(),
                r.getTimestamp().toEpochMilli(),
                TimestampType.CREATE_TIME,
                key == null ? -1 : key.length,
                value == null ? -1 : value.length,
                key,
                value,
                headers,
                Optional.empty());
        return cut == null && r.getTopic().equals(Topics.EVENTS) ? BoundedConsumer.bounded(record) : record;
    }

    private static CutRecord cut(ExportRecord r) {
        return r.getCutKey() == null && r.getCutValue() == null && r.getCutHeaders() == null
                ? null
                : new CutRecord(
                        part(r.getCutKey(), r.getKey()),
                        part(r.getCutValue(), r.getValue()),
                        part(r.getCutHeaders(), ByteBuffer.allocate(0)));
    }

    private static CutRecord.Part part(ExportCut cut, ByteBuffer kept) {
        return cut == null ? null : new CutRecord.Part(cut.getBytes(), bytes(kept), cut.getSha256());
    }

    private static byte[] bytes(ByteBuffer buffer) {
        if (buffer == null) {
            return null;
        }
        byte[] bytes = new byte[buffer.remaining()];
        buffer.duplicate().get(bytes);
        return bytes;
    }

    @Override
    public void close() {
        // nothing is kept open
    }
}
