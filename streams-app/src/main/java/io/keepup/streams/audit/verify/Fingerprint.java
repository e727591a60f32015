package io.keepup.streams.audit.verify;

import java.nio.charset.StandardCharsets;
import java.security.DigestException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;

/**
 * 128 bits of SHA-256 over all of an output that matters: key, value, and the headers that the fold sets, in their order.
 * What a producer's interceptor may have added is left out. Not thread-safe.
 */
final class Fingerprint {

    private final MessageDigest digest;
    private final byte[] out = new byte[32];
    private final byte[] length = new byte[4];
    private long high;
    private long low;

    Fingerprint() {
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every JDK has it
        }
    }

    /** Takes a record; {@link #high()} and {@link #low()} tell. */
    void of(byte[] key, byte[] value, Headers headers) {
        take(key);
        take(value);
        for (Header header : headers) {
            if (matters(header.key())) {
                take(header.key().getBytes(StandardCharsets.UTF_8));
                take(header.value());
            }
        }
        try {
            digest.digest(out, 0, out.length);
        } catch (DigestException e) {
            throw new IllegalStateException(e); // there is room for it
        }
        high = number(0);
        low = number(8);
    }

    long high() {
        return high;
    }

    long low() {
        return low;
    }

    /** CloudEvents' own headers, and those that name the cause. */
    static boolean matters(String header) {
        return header.startsWith("ce_") || header.startsWith("keepup_");
    }

    /** Its length goes first, so that no two records run into the same bytes. */
    private void take(byte[] bytes) {
        int n = bytes == null ? -1 : bytes.length;
        length[0] = (byte) (n >>> 24);
        length[1] = (byte) (n >>> 16);
        length[2] = (byte) (n >>> 8);
        length[3] = (byte) n;
        digest.update(length);
        if (bytes != null) {
            digest.update(bytes);
        }
    }

    private long number(int from) {
        long number = 0;
        for (int i = from; i < from + 8; i++) {
            number = number << 8 | out[i] & 0xff;
        }
        return number;
    }
}
