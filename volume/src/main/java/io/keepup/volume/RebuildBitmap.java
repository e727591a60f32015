package io.keepup.volume;

/**
 * One bit per LBA: set when a WAL entry covering it was applied in this session [R1]. Base blocks go only where it is clear. Not
 * thread-safe: the session's gate guards it.
 */
public final class RebuildBitmap {
    private final int blocks;
    private final long[] words;

    /** A clear bitmap of {@code blocks} bits, at most {@link VolumeSpec#MAX_BLOCKS}. */
    public RebuildBitmap(long blocks) {
        this.blocks = Math.toIntExact(blocks);
        this.words = new long[(int) ((blocks + Long.SIZE - 1) / Long.SIZE)];
    }

    /** Sets {@code count} bits from {@code lba}. */
    public void set(int lba, int count) {
        int end = Math.addExact(lba, count);
        if (lba < 0 || count < 0 || end > blocks) {
            throw new IndexOutOfBoundsException("blocks " + lba + " to " + end + " of " + blocks);
        }
        if (count == 0) {
            return;
        }
        int first = lba / Long.SIZE;
        int last = (end - 1) / Long.SIZE;
        long fromFirst = -1L << lba;
        long toLast = -1L >>> -end;
        if (first == last) {
            words[first] |= fromFirst & toLast;
            return;
        }
        words[first] |= fromFirst;
        for (int i = first + 1; i < last; i++) {
            words[i] = -1L;
        }
        words[last] |= toLast;
    }

    /** Whether the bit is set. */
    public boolean get(int lba) {
        return (words[lba / Long.SIZE] >>> lba & 1) != 0;
    }

    /** The first clear bit in {@code [from, end)}; {@code end} when there is none. */
    public int nextClear(int from, int end) {
        return next(from, end, -1L);
    }

    /** The first set bit in {@code [from, end)}; {@code end} when there is none. */
    public int nextSet(int from, int end) {
        return next(from, end, 0L);
    }

    /** Number of bits set. */
    public long cardinality() {
        long bits = 0;
        for (long word : words) {
            bits += Long.bitCount(word);
        }
        return bits;
    }

    private int next(int from, int end, long flip) {
        if (from >= end) {
            return end;
        }
        int i = from / Long.SIZE;
        long word = (words[i] ^ flip) & -1L << from;
        int last = (end - 1) / Long.SIZE;
        while (word == 0 && i < last) {
            word = words[++i] ^ flip;
        }
        return word == 0 ? end : Math.min(end, i * Long.SIZE + Long.numberOfTrailingZeros(word));
    }
}
