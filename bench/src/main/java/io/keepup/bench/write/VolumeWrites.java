package io.keepup.bench.write;

import io.keepup.volume.Volume;
import io.keepup.volume.VolumeRole;
import io.keepup.volume.VolumeSpec;
import io.keepup.volume.VolumeTuning;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Writers on a volume, each waiting for its write to be durable before the next. */
final class VolumeWrites {
    private VolumeWrites() {}

    /** @param fsyncs of the WAL; one serves all who wait */
    record Taken(double seconds, long fsyncs) {}

    static Taken run(Path directory, WriteBench.Case c) {
        CountingDisk disk = new CountingDisk();
        VolumeSpec spec = new VolumeSpec("bench", c.bytes(), c.blockSize());
        try (Volume volume = Volume.create(directory.resolve("volume"), spec, disk, VolumeTuning.DEFAULT)) {
            volume.assume(1, VolumeRole.PRIMARY);
            long before = disk.walFsyncs();
            double seconds = write(volume, c);
            return new Taken(seconds, disk.walFsyncs() - before);
        }
    }

    private static double write(Volume volume, WriteBench.Case c) {
        try (ExecutorService threads = Executors.newFixedThreadPool(c.threads())) {
            List<Future<?>> writers = new ArrayList<>();
            long start = System.nanoTime();
            long each = c.bytes() / c.threads();
            for (int i = 0; i < c.threads(); i++) {
                long from = i * each;
                writers.add(threads.submit(() -> writer(volume, c, from, from + each)));
            }
            for (Future<?> writer : writers) {
                writer.get();
            }
            return (System.nanoTime() - start) / 1e9;
        } catch (ExecutionException e) {
            throw new IllegalStateException("a writer failed: " + e.getCause().getMessage(), e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while measuring", e);
        }
    }

    private static void writer(Volume volume, WriteBench.Case c, long from, long to) {
        ByteBuffer data = RandomBytes.direct(c.writeBytes());
        for (long at = from; at < to; at += c.writeBytes()) {
            volume.awaitDurable(volume.write(at / c.blockSize(), data));
        }
    }
}
