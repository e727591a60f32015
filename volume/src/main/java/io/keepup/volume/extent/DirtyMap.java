package io.keepup.volume.extent;

import io.keepup.volume.wal.WalLocation;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * Where the newest data of each block is, if not in the extent: one {@link WalLocation} per dirty block, in pages that exist
 * only where something is dirty (8 bytes a block, 2 KiB a page). Iterates in LBA order without sorting.
 *
 * <p>One writer at a time (the WAL's append lock); any number of readers meanwhile.
 */
final class DirtyMap {
    private static final int PAGE_BITS = 8;
    private static final int PAGE = 1 << PAGE_BITS;

    private final int blocks;
    private final AtomicReferenceArray<AtomicLongArray> pages;
    private volatile int count;

    DirtyMap(long blocks) {
        this.blocks = Math.toIntExact(blocks);
        this.pages = new AtomicReferenceArray<>((int) ((blocks + PAGE - 1) >>> PAGE_BITS));
    }

    /** Number of dirty blocks. */
    int count() {
        return count;
    }

    /** The block's location, {@link WalLocation#TRIMMED} or {@link WalLocation#NONE}. */
    long get(int lba) {
        AtomicLongArray page = pages.getAcquire(lba >>> PAGE_BITS);
        return page == null ? WalLocation.NONE : page.getAcquire(lba & PAGE - 1);
    }

    /** Notes {@code length} blocks: the first at {@code location}, each next {@code stride} bytes on. */
    void put(int lba, int length, long location, int stride) {
        int added = 0;
        for (int i = 0; i < length; i++) {
            added += set(lba + i, location + (long) i * stride);
        }
        count += added;
    }

    /** Notes blocks that read as zeros. */
    void putTrimmed(int lba, int length) {
        put(lba, length, WalLocation.TRIMMED, 0);
    }

    /** The first dirty block at or after {@code from}; -1 when there is none. */
    int next(int from) {
        int lba = from;
        while (lba < blocks) {
            AtomicLongArray page = pages.getAcquire(lba >>> PAGE_BITS);
            if (page == null) {
                lba = (lba | PAGE - 1) + 1;
            } else if (page.getAcquire(lba & PAGE - 1) != WalLocation.NONE) {
                return lba;
            } else {
                lba++;
            }
        }
        return -1;
    }

    /** Takes over what {@code older} knows of blocks this map does not have. */
    void addOlder(DirtyMap older) {
        for (int lba = older.next(0); lba >= 0; lba = older.next(lba + 1)) {
            if (get(lba) == WalLocation.NONE) {
                put(lba, 1, older.get(lba), 0);
            }
        }
    }

    private int set(int lba, long location) {
        int index = lba >>> PAGE_BITS;
        AtomicLongArray page = pages.getPlain(index);
        if (page == null) {
            page = new AtomicLongArray(PAGE);
            pages.setRelease(index, page);
        }
        int slot = lba & PAGE - 1;
        int added = page.getPlain(slot) == WalLocation.NONE ? 1 : 0;
        page.setRelease(slot, location);
        return added;
    }
}
