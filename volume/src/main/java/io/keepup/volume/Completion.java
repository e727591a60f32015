package io.keepup.volume;

/**
 * Proof that a rebuild is done [R2].
 *
 * @param achievedLsn the volume's data equals the primary's at this LSN
 * @param durableLsn fsynced up to here; equals {@code achievedLsn}
 * @param stats final counters
 */
public record Completion(long achievedLsn, long durableLsn, RebuildProgress stats) {}
