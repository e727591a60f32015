package io.keepup.volume;

/**
 * What the primary fixed for a rebuild session.
 *
 * @param sessionId id of the session; strictly rising per volume
 * @param epoch epoch of the primary that issued it
 * @param baseLsn the base holds everything up to here; WAL entries start at the next LSN; 0 = the base is empty
 * @param baseEpoch epoch of the entry at {@code baseLsn} [A8]; 0 when the primary does not tell, or the base is empty
 * @param targetLsn the session completes only at or above it; positive
 * @param discardLocal the local data is known to be worthless (diverged or damaged), so a checkpoint above
 *     {@code baseLsn} is no reason to refuse [R5]
 */
public record RebuildBounds(
        long sessionId, long epoch, long baseLsn, long baseEpoch, long targetLsn, boolean discardLocal) {}
