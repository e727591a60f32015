package io.keepup.bench.write;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** The plain loop: write, and fsync every so many bytes, to a new file. */
final class FileWrites {
    private FileWrites() {}

    /** Seconds for the case with that many fsyncs. */
    static double run(Path directory, WriteBench.Case c, long fsyncs) throws IOException {
        ByteBuffer data = RandomBytes.direct(c.writeBytes());
        try (FileChannel file =
                FileChannel.open(directory.resolve("file"), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            long start = System.nanoTime();
            long fsynced = 0;
            for (long at = 0; at < c.bytes(); at += c.writeBytes()) {
                data.clear();
                while (data.hasRemaining()) {
                    file.write(data, at + data.position());
                }
                long due = (at + c.writeBytes()) * fsyncs / c.bytes();
                if (due > fsynced) {
                    file.force(false);
                    fsynced = due;
                }
            }
            return (System.nanoTime() - start) / 1e9;
        }
    }
}
