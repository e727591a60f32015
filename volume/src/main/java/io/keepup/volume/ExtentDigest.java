package io.keepup.volume;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.function.LongConsumer;

/** SHA-256 over all blocks of an extent. */
final class ExtentDigest {
    /** A multiple of every block size. */
    private static final int READ_BYTES = 1 << 20;

    private ExtentDigest() {}

    /**
     * In lower-case hex. Flush lock held, and everything flushed.
     *
     * @param done told the bytes digested so far, now and then
     */
    static String sha256(VolumeCore core, LongConsumer done) {
        MessageDigest digest = newSha256();
        long size = core.spec.sizeBytes();
        byte[] bytes = new byte[(int) Math.min(size, READ_BYTES)];
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        for (long at = 0; at < size; at += buffer.limit()) {
            buffer.clear().limit((int) Math.min(bytes.length, size - at));
            core.readFlushed(at / core.spec.blockSize(), buffer);
            digest.update(bytes, 0, buffer.limit());
            done.accept(at + buffer.limit());
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private static MessageDigest newSha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("Every Java platform has SHA-256", e);
        }
    }
}
