package io.keepup.volume;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** A block volume on disk. Thread-safe. */
public final class Volume implements AutoCloseable {
    private Volume() {}

    public static Volume create(Path dir, VolumeSpec spec) {
        throw new UnsupportedOperationException();
    }

    public static Volume open(Path dir) {
        throw new UnsupportedOperationException();
    }

    public VolumeStatus status() {
        throw new UnsupportedOperationException();
    }

    public void assume(long epoch, VolumeRole role) {
        throw new UnsupportedOperationException();
    }

    public long write(long lba, ByteBuffer data) {
        throw new UnsupportedOperationException();
    }

    public long trim(long lba, int blocks) {
        throw new UnsupportedOperationException();
    }

    public void awaitDurable(long lsn) {
        throw new UnsupportedOperationException();
    }

    public long sync() {
        throw new UnsupportedOperationException();
    }

    public void read(long lba, ByteBuffer dst) {
        throw new UnsupportedOperationException();
    }

    public int apply(List<WalEntry> batch) {
        throw new UnsupportedOperationException();
    }

    public List<WalEntry> readWal(long fromLsn, int maxBytes) {
        throw new UnsupportedOperationException();
    }

    public long epochAt(long lsn) {
        throw new UnsupportedOperationException();
    }

    public long flush() {
        throw new UnsupportedOperationException();
    }

    public void recycleWal(long upToLsn) {
        throw new UnsupportedOperationException();
    }

    public void readExtent(long lba, ByteBuffer dst) {
        throw new UnsupportedOperationException();
    }

    public Digest digest() {
        throw new UnsupportedOperationException();
    }

    public RebuildControl rebuild() {
        return new RebuildControl(this);
    }

    RebuildSession startRebuild(RebuildBounds bounds) {
        return new RebuildSession(bounds);
    }

    Optional<RebuildSession> activeRebuild() {
        return Optional.empty();
    }

    @Override
    public void close() {}
}
