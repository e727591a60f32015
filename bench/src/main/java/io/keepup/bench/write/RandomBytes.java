package io.keepup.bench.write;

import java.nio.ByteBuffer;
import java.util.SplittableRandom;

/** Data that no layer below can compress or take for zeros. */
final class RandomBytes {
    private RandomBytes() {}

    static ByteBuffer direct(int length) {
        byte[] bytes = new byte[length];
        new SplittableRandom(1).nextBytes(bytes);
        return ByteBuffer.allocateDirect(length).put(bytes).flip();
    }
}
