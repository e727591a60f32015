package io.keepup.volume;

import java.util.Arrays;

/** Remembers the chunks of a base by seq: what was applied, and at the end whether nothing is missing, doubled or damaged [R8]. */
final class BaseLedger {
    enum Verdict {
        NEW,
        DUPLICATE,
        CONFLICT
    }

    private final long blocks;
    private int[] firstLbas = new int[64];
    /** Zero: no such chunk yet. Negative: the final one. */
    private int[] counts = new int[64];

    private int[] crcs = new int[64];
    private int chunks;

    BaseLedger(long blocks) {
        this.blocks = blocks;
    }

    /** Compares a chunk whose shape was checked with the one applied under its seq. */
    Verdict check(BaseBlocks chunk) {
        int seq = (int) chunk.seq();
        if (seq >= counts.length || counts[seq] == 0) {
            return Verdict.NEW;
        }
        boolean same = firstLbas[seq] == chunk.firstLba() && counts[seq] == code(chunk) && crcs[seq] == chunk.crc32c();
        return same ? Verdict.DUPLICATE : Verdict.CONFLICT;
    }

    /** Notes a chunk that was applied. */
    void add(BaseBlocks chunk) {
        int seq = (int) chunk.seq();
        if (seq >= counts.length) {
            int length = (int) Math.min(Math.max(seq + 1L, counts.length * 2L), Integer.MAX_VALUE - 8);
            firstLbas = Arrays.copyOf(firstLbas, length);
            counts = Arrays.copyOf(counts, length);
            crcs = Arrays.copyOf(crcs, length);
        }
        firstLbas[seq] = (int) chunk.firstLba();
        counts[seq] = code(chunk);
        crcs[seq] = chunk.crc32c();
        chunks++;
    }

    /** What is wrong with the base as a whole, one phrase; null when nothing is. */
    String problem(long expectedChunks, int expectedDigest) {
        if (chunks != expectedChunks) {
            return chunks + " chunks came, " + expectedChunks + " were sent";
        }
        BaseDigest digest = new BaseDigest();
        long covered = 0;
        for (int seq = 0; seq < chunks; seq++) {
            if (seq >= counts.length || counts[seq] == 0) {
                return "chunk " + seq + " is missing";
            }
            if (firstLbas[seq] != covered) {
                return "chunk " + seq + " starts at block " + firstLbas[seq] + ", not " + covered;
            }
            if (counts[seq] < 0 != (seq == chunks - 1)) {
                return "the last flag of chunk " + seq + " is wrong";
            }
            covered += Math.abs(counts[seq]);
            digest.add(crcs[seq]);
        }
        if (covered != blocks) {
            return covered + " of " + blocks + " blocks are covered";
        }
        return digest.value() == expectedDigest ? null : "the digest differs";
    }

    private static int code(BaseBlocks chunk) {
        return chunk.last() ? -chunk.count() : chunk.count();
    }
}
