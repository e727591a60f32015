package io.keepup.volume.disk;

import io.keepup.volume.VolumeException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Optional;
import java.util.Set;

/**
 * Reads and writes a file past the operating system's cache (O_DIRECT). Not every file system has that, and only aligned pieces can
 * go that way; small ones are better off in the cache. Opened when first used. Thread-safe.
 */
final class DirectFile implements AutoCloseable {
    private static final int LEAST = 64 << 10;
    private static final int LARGEST = 1 << 20;
    private static final int MAX_ALIGNMENT = 64 << 10;
    private static final Optional<OpenOption> DIRECT = option();
    private static final BufferPool BUFFERS = new BufferPool(LARGEST + MAX_ALIGNMENT, 4);

    private final Path path;
    private ChannelFile file;
    private int alignment;
    private boolean over = DIRECT.isEmpty();

    DirectFile(Path path) {
        this.path = path;
    }

    /** The JDK's name for it is outside of java.*, so it is looked up. */
    private static Optional<OpenOption> option() {
        try {
            Object[] options =
                    Class.forName("com.sun.nio.file.ExtendedOpenOption").getEnumConstants();
            return Arrays.stream(options)
                    .filter(option -> option.toString().equals("DIRECT"))
                    .map(OpenOption.class::cast)
                    .findFirst();
        } catch (ClassNotFoundException e) {
            return Optional.empty();
        }
    }

    /** Bytes from a position to the next that is aligned. */
    int head(long position) {
        return (int) (-position & alignment - 1);
    }

    /** How many aligned bytes there are in so many at a position, when it is worth writing them past the cache; else -1. */
    int aligned(int bytes, long position) {
        if (bytes < LEAST || open() == null) {
            return -1;
        }
        int head = head(position);
        int aligned = Math.max(0, bytes - head) / alignment * alignment;
        return aligned < LEAST ? -1 : aligned;
    }

    /** Fills all of {@code dst}; or says false, and then it has to be read through the cache, from its beginning. */
    boolean read(ByteBuffer dst, long position) {
        ChannelFile opened = opened(dst, position);
        if (opened == null) {
            return false;
        }
        ByteBuffer buffer = BUFFERS.take();
        try {
            ByteBuffer piece = buffer.alignedSlice(alignment);
            int from = dst.position();
            for (int at = from; at < dst.limit(); at += piece.limit()) {
                piece.clear().limit(Math.min(LARGEST, dst.limit() - at));
                if (opened.read(piece, position + at - from) < piece.limit()) {
                    return false; // the file ends here
                }
                dst.put(at, piece, 0, piece.limit());
            }
            dst.position(dst.limit());
            return true;
        } catch (VolumeException e) {
            close(); // through the cache the same trouble is met again, if it is any
            return false;
        } finally {
            BUFFERS.give(buffer);
        }
    }

    /** Writes all of {@code src}; or says false, and then it has to go through the cache, whatever was written. */
    boolean write(ByteBuffer src, long position) {
        ChannelFile opened = opened(src, position);
        if (opened == null) {
            return false;
        }
        if (src.isDirect() && src.alignmentOffset(src.position(), alignment) == 0) {
            return writeAligned(opened, src, position);
        }
        ByteBuffer buffer = BUFFERS.take();
        try {
            ByteBuffer piece = buffer.alignedSlice(alignment);
            int from = src.position();
            for (int at = from; at < src.limit(); at += piece.limit()) {
                piece.clear().limit(Math.min(LARGEST, src.limit() - at));
                piece.put(0, src, at, piece.limit());
                opened.write(piece, position + at - from);
            }
            src.position(src.limit());
            return true;
        } catch (VolumeException e) {
            close(); // through the cache the same trouble is met again, if it is any
            return false;
        } finally {
            BUFFERS.give(buffer);
        }
    }

    private boolean writeAligned(ChannelFile opened, ByteBuffer src, long position) {
        try {
            opened.write(src, position);
            return true;
        } catch (VolumeException e) {
            close(); // as above
            return false;
        }
    }

    /** The file, when so much at that place can go past the cache; else null. */
    private ChannelFile opened(ByteBuffer bytes, long position) {
        ChannelFile opened = bytes.remaining() < LEAST ? null : open();
        boolean aligned = opened != null && position % alignment == 0 && bytes.remaining() % alignment == 0;
        return aligned ? opened : null;
    }

    private synchronized ChannelFile open() {
        if (file == null && !over) {
            try {
                alignment = Math.toIntExact(Files.getFileStore(path).getBlockSize());
                if (Integer.bitCount(alignment) == 1 && alignment <= MAX_ALIGNMENT) {
                    file = new ChannelFile(
                            path,
                            false,
                            Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE, DIRECT.orElseThrow()),
                            null);
                }
            } catch (IOException | UnsupportedOperationException | ArithmeticException | VolumeException e) {
                file = null; // this file system has no such way
            }
            over = file == null;
        }
        return file;
    }

    @Override
    public synchronized void close() {
        over = true;
        if (file != null) {
            file.close();
            file = null;
        }
    }
}
