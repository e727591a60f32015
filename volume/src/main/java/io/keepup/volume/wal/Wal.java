package io.keepup.volume.wal;

import io.keepup.volume.VolumeException;
import io.keepup.volume.VolumeException.Kind;
import io.keepup.volume.VolumeFault;
import io.keepup.volume.VolumeSpec;
import io.keepup.volume.WalEntry;
import io.keepup.volume.WalEntryKind;
import io.keepup.volume.disk.BufferPool;
import io.keepup.volume.disk.Disk;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/**
 * A volume's local WAL: contiguous LSNs in segment files.
 *
 * <p>Appending is the caller's to serialize: it holds {@link #appendLock()} around {@link #begin}, {@link #add} … and
 * {@link #commit}, together with what must happen in the same order. Reading data by location needs the caller to keep
 * {@link #recycle} and {@link #reset} away meanwhile. {@link #sync} needs nothing: it is the group commit.
 */
public final class Wal implements AutoCloseable {
    private static final int MIN_SCRATCH_BYTES = 16 << 10;
    /** Every open volume has one, idle or not. */
    private static final int MAX_SCRATCH_BYTES = 256 << 10;

    private static final int PAGE = 4 << 10;
    /** For shipped batches: so much a write keeps a disk busy. */
    private static final BufferPool LARGE_SCRATCHES = new BufferPool((4 << 20) + 2 * PAGE, 4);

    private final Disk disk;
    private final Path directory;
    private final VolumeSpec spec;
    private final int segmentBytes;
    private final SegmentFiles files;
    private final Consumer<VolumeFault> damage;
    private final ReentrantLock appendLock = new ReentrantLock();
    private final GroupCommit groupCommit = new GroupCommit(this::forceActive);
    private final ByteBuffer ownScratch;

    /** In LSN order, the last one takes appends; replaced, never changed, so that reading needs no lock. */
    private volatile Segment[] segments = {};

    private volatile long headLsn;
    private long headEpoch;
    /** Set before the head it knows of. */
    private volatile EpochStarts epochs = EpochStarts.at(0, 0);
    /** What the batch under way goes through. */
    private ByteBuffer scratch;
    /** Taken from the pool for the batch under way, or null. */
    private ByteBuffer pooled;
    /**
     * File offset that the scratch buffer's first byte stands for, a whole page: what the buffer holds begins where the file ends,
     * and its pages are the file's, so that the disk takes them from there.
     */
    private int scratchAt;
    /** Where what the scratch buffer holds begins. */
    private int scratchBegin;

    private long pendingLsn;
    private EpochStarts pendingEpochs;
    /** A batch was begun, and neither committed nor taken back. */
    private boolean underWay;

    /**
     * A WAL without segments: {@link #recover} or {@link #reset} comes first.
     *
     * @param segmentBytes a segment that passed this size takes no further batch
     * @param spareSegments at most so many recycled segments are kept to be written again
     * @param damage told when a read finds an entry that is not what was written; the read then throws {@code NOT_RECOVERABLE}
     */
    public Wal(
            Disk disk,
            Path directory,
            VolumeSpec spec,
            int segmentBytes,
            int spareSegments,
            Consumer<VolumeFault> damage) {
        this.disk = disk;
        this.directory = directory;
        this.spec = spec;
        this.segmentBytes = segmentBytes;
        this.damage = damage;
        this.ownScratch = aligned(
                ByteBuffer.allocateDirect(Math.clamp(segmentBytes, MIN_SCRATCH_BYTES, MAX_SCRATCH_BYTES) + 2 * PAGE));
        this.scratch = ownScratch;
        this.files = new SegmentFiles(disk, directory, spec, spareSegments);
    }

    /** Sees the entries that recovery found, in LSN order. */
    public interface Visitor extends WalRecovery.Visitor {}

    /**
     * Reads what is on disk; what it keeps is durable.
     *
     * @param tail oldest LSN that must be there
     * @param epochBeforeTail epoch of the entry before it; 0 when not known
     * @param durable the WAL had been durable at least up to here
     * @return what is damaged, one phrase, and then the WAL has no segments and nothing was touched; null when all is well
     */
    public String recover(long tail, long epochBeforeTail, long durable, Visitor visitor) {
        String sameNumber = files.renameToAsciiDigits();
        if (sameNumber != null) {
            return sameNumber;
        }
        EpochStarts before = EpochStarts.at(tail - 1, epochBeforeTail);
        WalRecovery.Outcome outcome = new WalRecovery(disk, directory, spec, tail, before, durable, visitor).run();
        if (outcome.damage() != null) {
            return outcome.damage();
        }
        segments = outcome.segments().toArray(Segment[]::new);
        epochs = outcome.epochs();
        headLsn = active().lastLsn();
        headEpoch = outcome.lastEpoch();
        files.found();
        outcome.recycled().forEach(files::giveUp);
        groupCommit.exclusively(() -> {
            active().file.force();
            return headLsn;
        });
        return null;
    }

    /**
     * Drops everything, durably; the next entry is {@code firstLsn}. {@code forget} runs before anything can be appended.
     *
     * @param epochBefore epoch of the entry before the next one; 0 when not known
     */
    public void reset(long firstLsn, long epochBefore, Runnable forget) {
        groupCommit.exclusively(() -> {
            appendLock.lock();
            try {
                closeSegments();
                files.deleteAll();
                segments = new Segment[] {files.create(1, firstLsn)};
                headLsn = firstLsn - 1;
                headEpoch = 0;
                epochs = EpochStarts.at(firstLsn - 1, epochBefore);
                underWay = false;
                forget.run();
                return headLsn;
            } finally {
                appendLock.unlock();
            }
        });
    }

    /** Guards the order of entries. */
    public ReentrantLock appendLock() {
        return appendLock;
    }

    /** Newest LSN applied. */
    public long headLsn() {
        return headLsn;
    }

    /** Epoch of the newest entry; 0 when the WAL is empty. Append lock held. */
    public long headEpoch() {
        return headEpoch;
    }

    /** Newest LSN fsynced. */
    public long durableLsn() {
        return groupCommit.durableLsn();
    }

    /** Starts a batch of entries of our own. Append lock held. */
    public void begin() {
        begin(false);
    }

    /**
     * Starts a batch of entries that came from another copy: nobody reads them soon, as a primary's shipper reads its own. Append lock
     * held.
     */
    public void beginShipped() {
        begin(true);
    }

    private void begin(boolean shipped) {
        giveBack();
        if (underWay) {
            takeBack(); // an Error broke off the last one, such as that there was no memory, not even to take it back
        }
        if (shipped) {
            pooled = LARGE_SCRATCHES.take();
            scratch = aligned(pooled);
        }
        if (active().end() >= segmentBytes) {
            roll();
        }
        emptyScratch(active().end());
        pendingLsn = headLsn;
        pendingEpochs = epochs;
        underWay = true;
    }

    /** Adds an entry as the next LSN, computing its checksum; returns where its first block will be. {@code payload} null: trim. */
    public long add(long epoch, long lba, int blocks, ByteBuffer payload) {
        WalEntryKind kind = payload == null ? WalEntryKind.TRIM : WalEntryKind.WRITE;
        int salt = active().salt;
        long durable = durableLsn();
        long lsn = pendingLsn + 1;
        if (payload != null && large(payload)) {
            makeRoom(0);
            EntryFormat.putHeader(scratch, salt, durable, epoch, lsn, kind, lba, blocks, payload);
            writePast(payload);
        } else {
            makeRoom(payload == null ? 0 : payload.remaining());
            EntryFormat.put(scratch, salt, durable, epoch, lsn, kind, lba, blocks, payload);
        }
        return added(epoch);
    }

    /** Adds an entry whose checksum the caller verified and whose LSN is the next; returns where its first block will be. */
    public long add(WalEntry entry) {
        ByteBuffer payload = entry.payload();
        makeRoom(large(payload) ? 0 : payload.remaining());
        EntryFormat.putHeader(scratch, active().salt, durableLsn(), entry);
        if (large(payload)) {
            writePast(payload);
        } else {
            scratch.put(payload);
        }
        return added(entry.epoch());
    }

    /** Writes the batch to the file; now it is applied, not yet durable. On failure nothing of it is. */
    public void commit() {
        undoing(() -> {
            writeOut();
            active().provide(scratchAt + scratch.position(), segmentBytes);
        });
        headEpoch = pendingEpochs.epochOf(pendingLsn);
        epochs = pendingEpochs;
        headLsn = pendingLsn;
        underWay = false;
        giveBack();
    }

    /** Whether the batch has grown enough to be committed before more is added: a segment's offsets are ints. */
    public boolean batchFull() {
        return active().end() >= 2 * segmentBytes;
    }

    /** Makes durable what was applied before the call; one fsync serves all who wait meanwhile. Returns the durable LSN. */
    public long sync() {
        return syncTo(headLsn);
    }

    /** Returns once {@code lsn} is durable. */
    public long syncTo(long lsn) {
        return groupCommit.await(lsn);
    }

    /** Reads data at a location of this WAL. */
    public void read(long location, ByteBuffer dst) {
        Segment segment = segmentAt(location);
        if (segment.file.read(dst, WalLocation.offset(location)) < 0 || dst.hasRemaining()) {
            throw damaged(segment, "ends before byte " + WalLocation.offset(location));
        }
    }

    /** Durable entries from {@code fromLsn}, at least one if there is one, else at most {@code maxBytes}; fewer at a segment's end. */
    public List<WalEntry> readEntries(long fromLsn, int maxBytes) {
        Segment segment;
        int start;
        int end;
        long to = fromLsn;
        appendLock.lock();
        try {
            long durable = durableLsn();
            if (fromLsn > durable) {
                return List.of();
            }
            segment = segmentOf(fromLsn);
            start = segment.offset(fromLsn);
            long last = Math.min(durable, segment.lastLsn());
            while (to < last && segment.offset(to + 2) - start <= maxBytes) {
                to++;
            }
            end = segment.offset(to + 1);
        } finally {
            appendLock.unlock();
        }
        ByteBuffer bytes = ByteBuffer.allocate(end - start);
        segment.file.read(bytes, start);
        bytes.flip();
        List<WalEntry> entries = new ArrayList<>((int) (to - fromLsn + 1));
        int at = 0;
        for (long lsn = fromLsn; lsn <= to; lsn++) {
            at += decode(segment, bytes, at, lsn, entries);
        }
        return entries;
    }

    /** Bytes of the entries from {@code fromLsn} on, which must not be below the oldest, with their headers. */
    public long bytesFrom(long fromLsn) {
        appendLock.lock();
        try {
            long bytes = 0;
            for (Segment segment : segments) {
                if (segment.lastLsn() >= fromLsn) {
                    bytes += segment.end() - segment.offset(Math.max(fromLsn, segment.firstLsn));
                }
            }
            return bytes;
        } finally {
            appendLock.unlock();
        }
    }

    /**
     * Epoch of the entry at {@code lsn}: of those found at the last open, the one before them, and all since, recycled or not;
     * else 0.
     */
    public long epochOf(long lsn) {
        return lsn <= headLsn ? epochs.epochOf(lsn) : 0;
    }

    /** Gives up the segments whose every entry is below {@code tail}; the last one stays. */
    public void recycle(long tail) {
        List<Segment> dropped = new ArrayList<>();
        appendLock.lock();
        try {
            List<Segment> kept = new ArrayList<>();
            for (Segment segment : segments) {
                boolean drop = segment != active() && segment.lastLsn() < tail;
                (drop ? dropped : kept).add(segment);
            }
            segments = kept.toArray(Segment[]::new);
        } finally {
            appendLock.unlock();
        }
        for (Segment segment : dropped) {
            segment.file.close();
            files.giveUp(segment.path);
        }
    }

    @Override
    public void close() {
        closeSegments();
    }

    private Segment active() {
        Segment[] all = segments;
        return all[all.length - 1];
    }

    private Segment segmentAt(long location) {
        Segment[] all = segments;
        return all[WalLocation.ordinal(location) - all[0].ordinal];
    }

    private Segment segmentOf(long lsn) {
        Segment[] all = segments;
        int i = all.length - 1;
        while (i > 0 && all[i].firstLsn > lsn) {
            i--;
        }
        return all[i];
    }

    private long added(long epoch) {
        Segment segment = active();
        int offset = segment.end();
        segment.added(scratchAt + scratch.position() - offset);
        pendingLsn++;
        pendingEpochs = pendingEpochs.with(pendingLsn, epoch);
        return WalLocation.of(segment.ordinal, offset + EntryFormat.HEADER_BYTES);
    }

    /** Copying such a payload costs more than a write of its own. */
    private boolean large(ByteBuffer payload) {
        return payload.remaining() > scratch.capacity() / 2;
    }

    private void makeRoom(int payloadBytes) {
        if (scratch.remaining() < EntryFormat.HEADER_BYTES + payloadBytes) {
            undoing(this::writeOut);
        }
    }

    /** Writes what the scratch buffer holds, and then the payload. */
    private void writePast(ByteBuffer payload) {
        undoing(() -> {
            writeOut();
            int at = scratchAt + scratch.position();
            write(payload.duplicate(), at);
            emptyScratch(at + payload.remaining());
        });
    }

    private void writeOut() {
        int end = scratchAt + scratch.position();
        write(scratch.limit(scratch.position()).position(scratchBegin), scratchAt + scratchBegin);
        emptyScratch(end);
    }

    private static ByteBuffer aligned(ByteBuffer buffer) {
        return buffer.alignedSlice(PAGE);
    }

    private void giveBack() {
        if (pooled != null) {
            LARGE_SCRATCHES.give(pooled);
            pooled = null;
            scratch = ownScratch;
        }
    }

    private void emptyScratch(int next) {
        scratchBegin = next % PAGE;
        scratchAt = next - scratchBegin;
        scratch.clear().position(scratchBegin);
    }

    private void write(ByteBuffer bytes, int at) {
        if (pooled != null) {
            active().file.writeAround(bytes, at);
        } else {
            active().file.write(bytes, at);
        }
    }

    private void undoing(Runnable write) {
        try {
            write.run();
        } catch (RuntimeException e) {
            try {
                takeBack();
            } catch (RuntimeException again) {
                e.addSuppressed(again);
            }
            throw e;
        }
    }

    /** Takes the batch back, from the file too: an entry left there could follow a later one and come to life at the next open. */
    private void takeBack() {
        giveBack();
        active().forgetAfter(headLsn);
        active().cut();
        underWay = false;
    }

    /** Fsyncs the full segment before the next one exists, so only the last segment can have a torn tail. */
    private void roll() {
        Segment full = active();
        full.file.force();
        Segment next = files.create(full.ordinal + 1, headLsn + 1);
        Segment[] all = segments;
        Segment[] more = new Segment[all.length + 1];
        System.arraycopy(all, 0, more, 0, all.length);
        more[all.length] = next;
        segments = more;
    }

    private long forceActive() {
        Segment segment;
        long head;
        appendLock.lock();
        try {
            segment = active();
            head = headLsn;
        } finally {
            appendLock.unlock();
        }
        // Segments before this one were fsynced when they were full.
        segment.file.force();
        return head;
    }

    private int decode(Segment segment, ByteBuffer bytes, int at, long lsn, List<WalEntry> out) {
        if (EntryFormat.headerIntact(bytes, at, segment.salt, spec) && EntryFormat.lsn(bytes, at) == lsn) {
            int length = EntryFormat.length(bytes, at, spec);
            if (at + length <= bytes.limit() && EntryFormat.entryIntact(bytes, at, length)) {
                out.add(EntryFormat.get(bytes, at, length));
                return length;
            }
        }
        throw damaged(segment, "has a damaged entry " + lsn);
    }

    /** Data at that location is not what was written. */
    public VolumeException damaged(long location) {
        return damaged(segmentAt(location), "is damaged at byte " + WalLocation.offset(location));
    }

    private VolumeException damaged(Segment segment, String how) {
        damage.accept(VolumeFault.LOCAL_WAL_CORRUPT);
        return new VolumeException(
                Kind.NOT_RECOVERABLE,
                "WAL segment " + segment.path + " of volume " + spec.volumeId() + " " + how
                        + ": the volume must be rebuilt from another copy.");
    }

    private void closeSegments() {
        for (Segment segment : segments) {
            segment.file.close();
        }
        segments = new Segment[] {};
    }
}
