package io.keepup.bench.simulate.check;

import java.nio.ByteBuffer;

/** Blocks whose every byte tells which write they came from. Write 0 is a block of zeros, as a trim leaves it. */
public final class Content {

    private Content() {}

    /** The blocks of consecutive writes, one block each. */
    public static ByteBuffer of(long firstId, int blocks, int blockSize) {
        ByteBuffer bytes = ByteBuffer.allocate(blocks * blockSize);
        for (int block = 0; block < blocks; block++) {
            for (int at = 0; at < blockSize; at += Long.BYTES) {
                bytes.putLong(word(firstId + block, at));
            }
        }
        return bytes.flip();
    }

    private static long word(long id, int at) {
        return id == 0 ? 0 : at == 0 ? id : id * 0x9e3779b97f4a7c15L + at;
    }

    /** The write a block came from; -1 when it came from none, or from several. */
    public static long idOf(ByteBuffer bytes, int block, int blockSize) {
        int from = block * blockSize;
        long id = bytes.getLong(from);
        for (int at = Long.BYTES; at < blockSize; at += Long.BYTES) {
            if (bytes.getLong(from + at) != word(id, at)) {
                return -1;
            }
        }
        return id;
    }
}
