package io.keepup.schemas.consumer;

import io.keepup.schemas.consumer.CutRecord.Part;
import io.keepup.schemas.topic.RecordBounds;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.Reader;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.record.internal.DefaultRecordBatch;
import org.apache.kafka.common.record.internal.RecordBatch;
import org.apache.kafka.common.utils.ByteUtils;

/**
 * The records of one batch, one after the other out of its decompressed bytes, as Kafka's protocol lays them out.
 *
 * <pre>
 * +------+------------+-----------------+--------------+-----------+-------------+---------+
 * | size | attributes | timestamp delta | offset delta | size, key | size, value | headers |
 * +------+------------+-----------------+--------------+-----------+-------------+---------+
 * </pre>
 */
final class BatchRecords {

    private static final byte[] NONE = {};
    private static final int PIECE = 64 << 10;

    private final TopicPartition partition;
    private final DefaultRecordBatch batch;
    private final InputStream in;
    private final RecordBounds bounds;
    private final byte[] piece = new byte[PIECE];
    private int left;
    private long bytesGiven;

    BatchRecords(TopicPartition partition, RecordBatch batch, InputStream in, RecordBounds bounds) {
        this.partition = partition;
        this.batch = (DefaultRecordBatch) batch;
        this.in = in;
        this.bounds = bounds;
        this.left = batch.countOrNull();
    }

    boolean hasNext() {
        return left > 0;
    }

    /** Bytes in memory of the record given last. */
    long bytesGiven() {
        return bytesGiven;
    }

    /** The next record; null when it lies before an offset. */
    ConsumerRecord<byte[], byte[]> next(long from) throws IOException {
        left--;
        ByteUtils.readVarint(in); // its size: what follows says it once more, part by part
        in.skipNBytes(1); // attributes: there are none yet
        long timestamp = batch.baseTimestamp() + ByteUtils.readVarlong(in);
        long offset = batch.baseOffset() + ByteUtils.readVarint(in);
        bytesGiven = 0;
        boolean wanted = offset >= from;
        Piece key = piece(wanted, bounds.key(), bounds.key());
        Piece value = piece(wanted, bounds.value(), RecordBounds.KEPT_VALUE);
        Headers headers = headers(wanted, key.cut, value.cut);
        if (!wanted) {
            return null;
        }
        boolean byBroker = batch.timestampType() == TimestampType.LOG_APPEND_TIME;
        return new ConsumerRecord<>(
                partition.topic(),
                partition.partition(),
                offset,
                byBroker ? batch.maxTimestamp() : timestamp,
                batch.timestampType(),
                key.size,
                value.size,
                key.cut == null ? key.whole : key.cut.kept(),
                value.cut == null ? value.whole : NONE,
                headers,
                Optional.of(batch.partitionLeaderEpoch()));
    }

    /** Key or value: whole, or what is left of it; size -1 when there is none. */
    private record Piece(int size, byte[] whole, Part cut) {}

    private Piece piece(boolean wanted, int bound, int keep) throws IOException {
        int size = ByteUtils.readVarint(in);
        if (size < 0) {
            return new Piece(ConsumerRecord.NULL_SIZE, null, null);
        }
        if (!wanted) {
            in.skipNBytes(size);
            return new Piece(size, null, null);
        }
        bytesGiven += Math.min(size, bound);
        if (size <= bound) {
            return new Piece(size, bytes(size), null);
        }
        PartDigest digest = new PartDigest();
        byte[] kept = bytes(keep);
        digest.write(kept, 0, keep);
        copy(size - keep, digest);
        return new Piece(size, null, digest.part(kept));
    }

    private Headers headers(boolean wanted, Part key, Part value) throws IOException {
        int count = ByteUtils.readVarint(in);
        PartDigest digest = new PartDigest();
        RecordHeaders kept = new RecordHeaders();
        long size = 0;
        for (int i = 0; i < count; i++) {
            boolean fits = wanted && size <= bounds.headers();
            byte[] name = name(fits, digest);
            byte[] content = content(fits, digest);
            size = digest.bytes() + (i + 1L) * RecordBounds.EACH_HEADER;
            if (fits && size <= bounds.headers()) {
                kept.add(new RecordHeader(new String(name, StandardCharsets.UTF_8), content));
            }
        }
        bytesGiven += Math.min(size, bounds.headers());
        Part cut = size > bounds.headers() ? digest.part(NONE) : null;
        return key == null && value == null && cut == null ? kept : new CutRecord(key, value, cut).before(kept);
    }

    /** In UTF-8, whatever it was; null when it cannot be kept. */
    private byte[] name(boolean keep, PartDigest digest) throws IOException {
        int size = ByteUtils.readVarint(in);
        long before = digest.bytes();
        byte[] name = null;
        if (keep && size <= bounds.headers()) {
            name = new String(bytes(size), StandardCharsets.UTF_8).getBytes(StandardCharsets.UTF_8);
            digest.write(name, 0, name.length);
        } else {
            Writer again = new OutputStreamWriter(digest, StandardCharsets.UTF_8);
            try (Reader decoded = new InputStreamReader(new Window(size), StandardCharsets.UTF_8)) {
                decoded.transferTo(again);
            }
            again.flush();
        }
        digest.endOfHeader(digest.bytes() - before);
        return name;
    }

    /** Null when there is none, or it cannot be kept. */
    private byte[] content(boolean keep, PartDigest digest) throws IOException {
        int size = ByteUtils.readVarint(in);
        byte[] value = null;
        if (size >= 0 && keep && size <= bounds.headers()) {
            value = bytes(size);
            digest.write(value, 0, size);
        } else if (size >= 0) {
            copy(size, digest);
        }
        digest.endOfHeader(size < 0 ? -1 : size);
        return value;
    }

    private byte[] bytes(int size) throws IOException {
        byte[] bytes = in.readNBytes(size);
        if (bytes.length < size) {
            throw new EOFException("the batch ends within a record");
        }
        return bytes;
    }

    private void copy(int size, OutputStream to) throws IOException {
        for (int todo = size; todo > 0; ) {
            int read = in.read(piece, 0, Math.min(todo, PIECE));
            if (read < 0) {
                throw new EOFException("the batch ends within a record");
            }
            to.write(piece, 0, read);
            todo -= read;
        }
    }

    /** The next bytes of the batch, and no more. */
    private final class Window extends InputStream {

        private int todo;

        Window(int size) {
            todo = size;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] to, int offset, int length) throws IOException {
            if (todo == 0) {
                return -1;
            }
            int read = in.read(to, offset, Math.min(todo, length));
            if (read < 0) {
                throw new EOFException("the batch ends within a record");
            }
            todo -= read;
            return read;
        }
    }
}
