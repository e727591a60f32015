package io.keepup.schemas.consumer;

import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** Digests the bytes of a part as they come, and counts them. */
final class PartDigest extends OutputStream {

    private static final int NO_VALUE = -1;

    private final MessageDigest digest;
    private long bytes;

    PartDigest() {
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every JDK has it
        }
    }

    @Override
    public void write(int one) {
        digest.update((byte) one);
        bytes++;
    }

    @Override
    public void write(byte[] from, int offset, int length) {
        digest.update(from, offset, length);
        bytes += length;
    }

    void write(ByteBuffer from) {
        bytes += from.remaining();
        digest.update(from);
    }

    /** A name or a value of a header; null for no value. */
    void header(byte[] nameOrValue) {
        if (nameOrValue != null) {
            write(nameOrValue, 0, nameOrValue.length);
        }
        endOfHeader(nameOrValue == null ? NO_VALUE : nameOrValue.length);
    }

    /** What follows each name and value of a header, and is not counted. */
    void endOfHeader(long length) {
        digest.update(ByteBuffer.allocate(Integer.BYTES).putInt((int) length).flip());
    }

    /** Bytes so far. */
    long bytes() {
        return bytes;
    }

    /** The part; nothing may be written after it. */
    CutRecord.Part part(byte[] kept) {
        return new CutRecord.Part(bytes, kept, HexFormat.of().formatHex(digest.digest()));
    }
}
