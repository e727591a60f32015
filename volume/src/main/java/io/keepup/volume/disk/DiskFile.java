package io.keepup.volume.disk;

import java.nio.ByteBuffer;

/** An open file with positional I/O. Thread-safe. Failures as in {@link Disk}. */
public interface DiskFile extends AutoCloseable {
    /** Reads into {@code dst} from byte {@code position} until it is full or the file ends; returns the bytes read. */
    int read(ByteBuffer dst, long position);

    /**
     * As {@link #read}, for what nobody reads again soon: past the operating system's cache where that can be, so that reading
     * a whole volume does not push out what others read, and takes no memory for it.
     */
    default int readAround(ByteBuffer dst, long position) {
        return read(dst, position);
    }

    /** Writes all of {@code src} at byte {@code position}. */
    void write(ByteBuffer src, long position);

    /**
     * As {@link #write}, for what nobody reads soon: past the operating system's cache where that can be, so that a copy of a
     * whole volume does not push out what others read, and an fsync finds little left to do.
     */
    default void writeAround(ByteBuffer src, long position) {
        write(src, position);
    }

    /** Size in bytes. */
    long size();

    /** Cuts or extends the file; what is added reads as zeros and takes no space. */
    void setSize(long bytes);

    /** fsync: data and the metadata needed to read it back. */
    void force();

    @Override
    void close();
}
