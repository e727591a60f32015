package io.keepup.volume;

/**
 * What became of a base chunk.
 *
 * @param written blocks taken from the base
 * @param skipped blocks left alone: the WAL had them already [R1], or the chunk had been applied before
 */
public record ChunkOutcome(int written, int skipped) {}
