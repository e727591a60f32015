package io.keepup.schemas.codec;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.avro.io.BinaryData;
import org.apache.avro.io.BinaryEncoder;

/**
 * Avro binary as one array of exactly its length. Large pieces, which are payloads, are only remembered until then: each is
 * copied once, and nothing larger than the result is allocated. Everything else goes straight to where it stays. Avro's own
 * encoders hand each field to a stream, or keep the rest of a record that failed. Not thread-safe.
 */
public final class RecordEncoder extends BinaryEncoder {

    private static final int LARGE = 2048;
    private static final int LONGEST_INT = 5;
    private static final int LONGEST_LONG = 10;

    /** {@code at} is where it goes among the small bytes. */
    private record Piece(int at, byte[] bytes, int offset, int length) {}

    private byte[] small = new byte[1024];
    private int count;
    private final List<Piece> large = new ArrayList<>();
    private int largeBytes;

    /** One byte as it is. */
    public void writeByte(int b) {
        room(1);
        small[count++] = (byte) b;
    }

    @Override
    public void writeBoolean(boolean b) {
        writeByte(b ? 1 : 0);
    }

    @Override
    public void writeInt(int n) {
        room(LONGEST_INT);
        count += BinaryData.encodeInt(n, small, count);
    }

    @Override
    public void writeLong(long n) {
        room(LONGEST_LONG);
        count += BinaryData.encodeLong(n, small, count);
    }

    @Override
    public void writeFloat(float f) {
        room(Float.BYTES);
        count += BinaryData.encodeFloat(f, small, count);
    }

    @Override
    public void writeDouble(double d) {
        room(Double.BYTES);
        count += BinaryData.encodeDouble(d, small, count);
    }

    @Override
    public void writeString(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        writeInt(bytes.length);
        writeFixed(bytes, 0, bytes.length);
    }

    @Override
    public void writeFixed(byte[] bytes, int offset, int length) {
        if (length >= LARGE) {
            large.add(new Piece(count, bytes, offset, length));
            largeBytes = Math.addExact(largeBytes, length);
        } else {
            room(length);
            System.arraycopy(bytes, offset, small, count, length);
            count += length;
        }
    }

    @Override
    protected void writeZero() {
        writeByte(0);
    }

    private void room(int more) {
        if (small.length - count < more) {
            byte[] larger = new byte[Math.max(small.length * 2, count + more)];
            System.arraycopy(small, 0, larger, 0, count);
            small = larger;
        }
    }

    /** All that was written since the last call. */
    public byte[] take() {
        byte[] all = new byte[bytesBuffered()];
        int from = 0;
        int to = 0;
        for (Piece piece : large) {
            System.arraycopy(small, from, all, to, piece.at - from);
            to += piece.at - from;
            from = piece.at;
            System.arraycopy(piece.bytes, piece.offset, all, to, piece.length);
            to += piece.length;
        }
        System.arraycopy(small, from, all, to, count - from);
        forget();
        return all;
    }

    /** Drops what was written. */
    public void forget() {
        count = 0;
        largeBytes = 0;
        large.clear();
    }

    @Override
    public int bytesBuffered() {
        return Math.addExact(count, largeBytes);
    }

    @Override
    public void flush() {
        // It is taken, not sent on.
    }
}
