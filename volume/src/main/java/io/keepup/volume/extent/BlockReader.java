package io.keepup.volume.extent;

import io.keepup.volume.VolumeException;
import io.keepup.volume.VolumeException.Kind;
import io.keepup.volume.VolumeFault;
import io.keepup.volume.VolumeSpec;
import io.keepup.volume.disk.BufferPool;
import io.keepup.volume.wal.Wal;
import io.keepup.volume.wal.WalLocation;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.Consumer;

/** Reads blocks from where they are, WAL, extent or nowhere, a run at a time, and verifies every one. Thread-safe. */
final class BlockReader {
    /** Reading over a gap of this many bytes is cheaper than another read. */
    private static final int MAX_GAP_BYTES = 4096;

    private final VolumeSpec spec;
    private final int blockSize;
    private final Wal wal;
    private final Extent extent;
    private final BlockChecksums computed;
    private final BufferPool buffers;
    private final Consumer<VolumeFault> damage;

    /** @param damage told of a block of the extent that is not what was written */
    BlockReader(VolumeSpec spec, Wal wal, Extent extent, BufferPool buffers, Consumer<VolumeFault> damage) {
        this.spec = spec;
        this.blockSize = spec.blockSize();
        this.wal = wal;
        this.extent = extent;
        this.computed = new BlockChecksums(blockSize);
        this.buffers = buffers;
        this.damage = damage;
    }

    /** Where the blocks of a run are. */
    static final class Located {
        final long[] locations;
        /** Of those in the WAL, or trimmed. */
        final int[] checksums;

        Located(int capacity) {
            locations = new long[capacity];
            checksums = new int[capacity];
        }
    }

    /** Reads one block again because it did not match. */
    interface Again {
        void read(int lba, ByteBuffer block);
    }

    /**
     * Appends {@code count} blocks from {@code lba} to {@code dst}.
     *
     * @param again for a block of the WAL that did not match, as its location may have been replaced just then
     * @throws VolumeException {@code NOT_RECOVERABLE} when one is not what was written
     */
    void fill(int lba, int count, Located located, ByteBuffer dst, Again again) {
        long[] locations = located.locations;
        int i = 0;
        while (i < count) {
            int end = i + 1;
            long location = locations[i];
            if (location > 0) {
                int start = dst.position();
                end = readWal(i, count, locations, dst);
                verify(lba, i, end, located, dst, start, again);
            } else {
                while (end < count && locations[end] == location) {
                    end++;
                }
                dst.limit(dst.position() + (end - i) * blockSize);
                if (location == WalLocation.TRIMMED) {
                    zeroFill(dst);
                } else {
                    readExtent(lba + i, dst);
                }
            }
            i = end;
        }
    }

    /** The block is damaged, for good: no WAL holds it. */
    VolumeException damaged(long lba) {
        damage.accept(VolumeFault.LOCAL_EXTENT_CORRUPT);
        return new VolumeException(
                Kind.NOT_RECOVERABLE,
                "Block " + lba + " in the extent of volume " + spec.volumeId()
                        + " is not what was written: the volume must be rebuilt from another copy.");
    }

    private void readExtent(long lba, ByteBuffer dst) {
        List<Long> damaged = extent.read(lba, dst);
        if (!damaged.isEmpty()) {
            throw damaged(damaged.getFirst());
        }
    }

    /** Reads blocks from the WAL: as many as lie in order close enough for one read. Returns the index after them. */
    private int readWal(int first, int count, long[] locations, ByteBuffer dst) {
        long start = locations[first];
        int end = first + 1;
        long bytes = blockSize;
        while (end < count && WalLocation.sameSegment(start, locations[end])) {
            long gap = locations[end] - (start + bytes);
            if (gap < 0 || gap > MAX_GAP_BYTES || bytes + gap + blockSize > buffers.capacity()) {
                break;
            }
            bytes += gap + blockSize;
            end++;
        }
        dst.limit(dst.position() + (end - first) * blockSize);
        if (bytes == dst.remaining()) {
            wal.read(start, dst);
            return end;
        }
        ByteBuffer span = buffers.take();
        try {
            wal.read(start, span.limit((int) bytes));
            for (int i = first; i < end; i++) {
                dst.put(dst.position(), span, (int) (locations[i] - start), blockSize);
                dst.position(dst.position() + blockSize);
            }
        } finally {
            buffers.give(span);
        }
        return end;
    }

    private void verify(int lba, int first, int end, Located located, ByteBuffer dst, int start, Again again) {
        for (int i = first; i < end; i++) {
            int at = start + (i - first) * blockSize;
            if (computed.at(dst, at) == located.checksums[i]) {
                continue;
            }
            if (again == null) {
                throw wal.damaged(located.locations[i]);
            }
            again.read(lba + i, dst.slice(at, blockSize));
        }
    }

    private static void zeroFill(ByteBuffer dst) {
        while (dst.remaining() >= Long.BYTES) {
            dst.putLong(0);
        }
    }
}
