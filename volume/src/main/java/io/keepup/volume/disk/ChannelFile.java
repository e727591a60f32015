package io.keepup.volume.disk;

import io.keepup.volume.VolumeException;
import io.keepup.volume.VolumeException.Kind;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;

/**
 * A file over a {@link FileChannel} that outlives interrupts.
 *
 * <p>The JDK closes a channel when a thread is interrupted in its I/O. One interrupted writer must not take the volume
 * from everybody, so the channel is opened again and the operation repeated (all of them may be), and the thread keeps its
 * interrupt.
 */
final class ChannelFile implements DiskFile {
    /** The JDK keeps a direct buffer as large as the largest heap buffer a thread passes; this bounds it. */
    private static final int MAX_HEAP_SLICE = 1 << 20;

    private final Path path;
    private final Set<OpenOption> options;
    private final DirectFile direct;
    private volatile FileChannel channel;
    private volatile boolean closed;

    ChannelFile(Path path, boolean create) {
        this(path, create, Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE), new DirectFile(path));
    }

    /**
     * @param options how to open it, again too
     * @param direct the file past the cache; null when this is that
     */
    ChannelFile(Path path, boolean create, Set<OpenOption> options, DirectFile direct) {
        this.path = path;
        this.options = options;
        this.direct = direct;
        try {
            this.channel = create
                    ? FileChannel.open(
                            path, Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE))
                    : openExisting();
        } catch (IOException e) {
            throw DiskErrors.of(create ? "create" : "open", path, e);
        }
    }

    @Override
    public int read(ByteBuffer dst, long position) {
        int start = dst.position();
        retrying("read", c -> {
            int limit = dst.limit();
            try {
                while (dst.position() < limit) {
                    dst.limit(sliceEnd(dst, limit));
                    if (c.read(dst, position + dst.position() - start) < 0) {
                        return;
                    }
                }
            } finally {
                dst.limit(limit);
            }
        });
        return dst.position() - start;
    }

    @Override
    public int readAround(ByteBuffer dst, long position) {
        int length = dst.remaining();
        return direct != null && direct.read(dst, position) ? length : read(dst, position);
    }

    @Override
    public void write(ByteBuffer src, long position) {
        int start = src.position();
        retrying("write", c -> {
            int limit = src.limit();
            try {
                while (src.position() < limit) {
                    src.limit(sliceEnd(src, limit));
                    c.write(src, position + src.position() - start);
                }
            } finally {
                src.limit(limit);
            }
        });
    }

    @Override
    public void writeAround(ByteBuffer src, long position) {
        int aligned = direct == null ? -1 : direct.aligned(src.remaining(), position);
        if (aligned < 0) {
            write(src, position);
            return;
        }
        // What is not aligned, before and behind, goes through the cache: pages of their own, so that the ways never
        // meet.
        int head = direct.head(position);
        ByteBuffer middle = src.slice(src.position() + head, aligned);
        if (!direct.write(middle, position + head)) {
            write(src, position);
            return;
        }
        int tail = src.remaining() - head - aligned;
        write(src.slice(src.position(), head), position);
        write(src.slice(src.limit() - tail, tail), position + head + aligned);
        src.position(src.limit());
    }

    @Override
    public long size() {
        long[] size = new long[1];
        retrying("measure", c -> size[0] = c.size());
        return size[0];
    }

    @Override
    public void setSize(long bytes) {
        // Not through the channel: it cannot extend a file without writing.
        try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
            file.setLength(bytes);
        } catch (IOException e) {
            throw DiskErrors.of("resize", path, e);
        }
    }

    @Override
    public void force() {
        retrying("fsync", c -> c.force(false));
    }

    @Override
    public synchronized void close() {
        closed = true;
        if (direct != null) {
            direct.close();
        }
        try {
            channel.close();
        } catch (IOException e) {
            throw DiskErrors.of("close", path, e);
        }
    }

    private interface Operation {
        void on(FileChannel channel) throws IOException;
    }

    private void retrying(String action, Operation operation) {
        boolean interrupted = false;
        try {
            while (true) {
                FileChannel current = channel;
                try {
                    operation.on(current);
                    return;
                } catch (ClosedByInterruptException e) {
                    interrupted |= Thread.interrupted();
                    reopen(current);
                } catch (ClosedChannelException e) {
                    reopen(current);
                }
            }
        } catch (IOException e) {
            throw DiskErrors.of(action, path, e);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private synchronized void reopen(FileChannel dead) throws IOException {
        if (closed) {
            throw new VolumeException(Kind.CLOSED, path + " was closed: open the volume again.");
        }
        if (channel == dead) {
            channel = openExisting();
        }
    }

    private FileChannel openExisting() throws IOException {
        return FileChannel.open(path, options);
    }

    private static int sliceEnd(ByteBuffer buffer, int limit) {
        return buffer.isDirect() ? limit : Math.min(limit, buffer.position() + MAX_HEAP_SLICE);
    }
}
