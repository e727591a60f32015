package io.keepup.volume.wal;

/**
 * Where a block's newest data is, as one long: segment ordinal in the upper half, byte offset in the lower. Adding bytes moves
 * within the segment.
 */
public final class WalLocation {
    /** Not in the WAL: the extent has it. */
    public static final long NONE = 0;
    /** Trimmed: zeros. */
    public static final long TRIMMED = -1;

    private WalLocation() {}

    static long of(int ordinal, int offset) {
        return (long) ordinal << Integer.SIZE | offset;
    }

    static int ordinal(long location) {
        return (int) (location >>> Integer.SIZE);
    }

    static int offset(long location) {
        return (int) location;
    }

    /** Whether both are data in the same segment. */
    public static boolean sameSegment(long a, long b) {
        return a > 0 && b > 0 && ordinal(a) == ordinal(b);
    }
}
