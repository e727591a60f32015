package io.keepup.volume.disk;

import java.nio.ByteBuffer;

/** An open file with positional I/O. Thread-safe. Failures as in {@link Disk}. */
public interface DiskFile extends AutoCloseable {
    /** Reads into {@code dst} from byte {@code position} until it is full or the file ends; returns the bytes read. */
    int read(ByteBuffer dst, long position);

    /** Writes all of {@code src} at byte {@code position}. */
    void write(ByteBuffer src, long position);

    /** Size in bytes. */
    long size();

    /** Cuts or extends the file; what is added reads as zeros and takes no space. */
    void setSize(long bytes);

    /** fsync: data and the metadata needed to read it back. */
    void force();

    @Override
    void close();
}
