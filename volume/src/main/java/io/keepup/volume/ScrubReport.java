package io.keepup.volume;

import java.util.List;

/**
 * What a scrub has seen so far.
 *
 * @param blocksDone blocks of the extent read
 * @param blocksTotal blocks of the volume
 * @param corruptBlocks blocks that are not what was written, and that the WAL does not hold
 * @param firstCorrupt the LBAs of the first of them, at most {@value #LISTED}
 * @param walCorrupt an entry that the WAL must hold is damaged
 */
public record ScrubReport(
        long blocksDone, long blocksTotal, long corruptBlocks, List<Long> firstCorrupt, boolean walCorrupt) {
    /** Most LBAs listed. */
    public static final int LISTED = 16;

    /** Whether nothing is wrong so far. */
    public boolean clean() {
        return corruptBlocks == 0 && !walCorrupt;
    }
}
