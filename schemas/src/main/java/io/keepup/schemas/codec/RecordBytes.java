package io.keepup.schemas.codec;

import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;

/**
 * Takes a record as it is encoded and gives it as one array of exactly its length. Large pieces, which are payloads, are only
 * remembered until then: each is copied once, and nothing larger than the result is allocated. Not thread-safe.
 */
final class RecordBytes extends OutputStream {

    private static final int LARGE = 2048;

    /** {@code at} is where it goes among the small bytes. */
    private record Piece(int at, byte[] bytes, int offset, int length) {}

    private byte[] small = new byte[1024];
    private int count;
    private final List<Piece> large = new ArrayList<>();
    private int largeBytes;

    @Override
    public void write(int b) {
        room(1);
        small[count++] = (byte) b;
    }

    @Override
    public void write(byte[] bytes, int offset, int length) {
        if (length >= LARGE) {
            large.add(new Piece(count, bytes, offset, length));
            largeBytes = Math.addExact(largeBytes, length);
        } else {
            room(length);
            System.arraycopy(bytes, offset, small, count, length);
            count += length;
        }
    }

    private void room(int more) {
        if (small.length - count < more) {
            byte[] larger = new byte[Math.max(small.length * 2, count + more)];
            System.arraycopy(small, 0, larger, 0, count);
            small = larger;
        }
    }

    /** All that was written since the last call. */
    byte[] take() {
        byte[] all = new byte[Math.addExact(count, largeBytes)];
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
    void forget() {
        count = 0;
        largeBytes = 0;
        large.clear();
    }
}
