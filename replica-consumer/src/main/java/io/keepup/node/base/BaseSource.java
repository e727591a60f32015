package io.keepup.node.base;

import io.keepup.volume.BaseBlocks;

/**
 * What one base is made of: together with the WAL above {@link #begin} it makes a replica equal to the primary. The session,
 * its lanes, bounds and checks know nothing of how. Used by one task.
 */
interface BaseSource {

    /** The base holds everything up to this LSN; {@code epoch} of the entry there [A8]. */
    record Boundary(long lsn, long epoch) {}

    /** Fixes the boundary; called once, before all else. */
    Boundary begin();

    /**
     * The next chunk, in order of seq from 0 on; null after the last, which says that it is. Its payload is valid until the
     * next one is asked for.
     */
    BaseBlocks next();

    /** No block given out is newer than this LSN; asked after the last. */
    long headLsn();
}
