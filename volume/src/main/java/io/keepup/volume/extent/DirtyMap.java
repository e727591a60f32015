package io.keepup.volume.extent;

import io.keepup.volume.wal.WalLocation;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * Where the newest data of each block is, if not in the extent, and its checksum: one {@link WalLocation} per dirty block, in pages
 * that exist only where something is dirty (12 bytes a block, 3 KiB a page). Iterates in LBA order without sorting.
 *
 * <p>One writer at a time (the WAL's append lock); any number of readers meanwhile. A reader that meets the writer may see a location
 * with the checksum of the next: under the append lock it does not.
 */
final class DirtyMap {
    private static final int PAGE_BITS = 8;
    private static final int PAGE = 1 << PAGE_BITS;

    private final int blocks;
    private final AtomicReferenceArray<Page> pages;
    private volatile int count;

    private static final class Page {
        final AtomicLongArray locations = new AtomicLongArray(PAGE);
        final int[] checksums = new int[PAGE];
    }

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
        Page page = pages.getAcquire(lba >>> PAGE_BITS);
        return page == null ? WalLocation.NONE : page.locations.getAcquire(lba & PAGE - 1);
    }

    /** The checksum of a dirty block. */
    int checksum(int lba) {
        return pages.getAcquire(lba >>> PAGE_BITS).checksums[lba & PAGE - 1];
    }

    /** Makes room for these blocks: to note them takes no memory then, and cannot fail. */
    void reserve(int lba, int length) {
        for (int index = lba >>> PAGE_BITS; index <= lba + length - 1 >>> PAGE_BITS; index++) {
            page(index);
        }
    }

    /** Notes one block for every checksum: the first at {@code location}, each next {@code stride} bytes on. */
    void put(int lba, long location, int stride, int[] checksums) {
        int added = 0;
        for (int i = 0; i < checksums.length; i++) {
            added += set(lba + i, location + (long) i * stride, checksums[i]);
        }
        count += added;
    }

    /** Notes blocks that read as zeros. */
    void putTrimmed(int lba, int length) {
        int added = 0;
        for (int i = 0; i < length; i++) {
            added += set(lba + i, WalLocation.TRIMMED, 0);
        }
        count += added;
    }

    /** The first dirty block at or after {@code from}; -1 when there is none. */
    int next(int from) {
        int lba = from;
        while (lba < blocks) {
            Page page = pages.getAcquire(lba >>> PAGE_BITS);
            if (page == null) {
                lba = (lba | PAGE - 1) + 1;
            } else if (page.locations.getAcquire(lba & PAGE - 1) != WalLocation.NONE) {
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
                count += set(lba, older.get(lba), older.checksum(lba));
            }
        }
    }

    private int set(int lba, long location, int checksum) {
        Page page = page(lba >>> PAGE_BITS);
        int slot = lba & PAGE - 1;
        int added = page.locations.getPlain(slot) == WalLocation.NONE ? 1 : 0;
        page.checksums[slot] = checksum;
        page.locations.setRelease(slot, location);
        return added;
    }

    private Page page(int index) {
        Page page = pages.getPlain(index);
        if (page == null) {
            page = new Page();
            pages.setRelease(index, page);
        }
        return page;
    }
}
