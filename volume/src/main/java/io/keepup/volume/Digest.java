package io.keepup.volume;

/**
 * Digest of a whole volume.
 *
 * @param sha256 SHA-256 over all blocks in order, zero blocks included, in lower-case hex
 * @param lsn the data is exactly what the WAL says up to here
 */
public record Digest(String sha256, long lsn) {}
