package io.keepup.bench.write;

import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * Durable writes to a fresh volume against a plain loop over a {@code FileChannel} that writes the same bytes in pieces of the same
 * size to a new file and fsyncs as often.
 *
 * <p>Both run in turns in this JVM, on the same disk, one file at a time; of each case's rounds the median counts. With one thread
 * every write is followed by its fsync on both sides. With several, the volume shares fsyncs among the writers that wait; the loop
 * is then given as many, evenly spread, so that both have the same bytes per fsync. Nothing but the writes and fsyncs is timed.
 */
public final class WriteBench {
    private static final int ROUNDS = 5;
    private static final int BLOCK = 4096;
    private static final int MIB = 1 << 20;

    private WriteBench() {}

    /**
     * What is written.
     *
     * @param blockSize bytes per block of the volume
     * @param writeBytes bytes per write
     * @param threads writers, each waiting for its write to be durable before the next
     * @param bytes in all
     */
    public record Case(int blockSize, int writeBytes, int threads, long bytes) {}

    /**
     * Medians of one case.
     *
     * @param written what both wrote
     * @param ratio throughput of the volume over that of the file
     * @param bytesPerFsync of both
     */
    public record Measured(
            Case written, double ratio, double volumeSeconds, double fileChannelSeconds, long bytesPerFsync) {}

    /**
     * All cases.
     *
     * @param ratio throughput of the volume over that of the file, over all cases
     * @param volumeSeconds sum over the cases
     * @param fileChannelSeconds sum over the cases
     * @param bytes written by each side, sum over the cases
     * @param peakHeapMiB most heap this JVM used meanwhile
     * @param cases one by one
     */
    public record Result(
            double ratio,
            double volumeSeconds,
            double fileChannelSeconds,
            long bytes,
            long peakHeapMiB,
            List<Measured> cases) {}

    /**
     * Measures in a new directory inside {@code directory}, which is deleted again.
     *
     * @param progress told about every case
     * @throws UncheckedIOException when the directory cannot be written
     */
    public static Result run(Path directory, PrintStream progress) {
        return run(directory, progress, ROUNDS, CASES);
    }

    private static final List<Case> CASES = List.of(
            new Case(BLOCK, BLOCK, 1, 16L * MIB),
            new Case(BLOCK, BLOCK, 8, 32L * MIB),
            new Case(BLOCK, 16 * BLOCK, 1, 128L * MIB),
            new Case(BLOCK, 16 * BLOCK, 8, 256L * MIB),
            new Case(16 * BLOCK, 16 * BLOCK, 1, 128L * MIB),
            new Case(BLOCK, MIB, 1, 512L * MIB));

    static Result run(Path directory, PrintStream progress, int rounds, List<Case> cases) {
        List<MemoryPoolMXBean> heap = ManagementFactory.getMemoryPoolMXBeans().stream()
                .filter(pool -> pool.getType() == MemoryType.HEAP)
                .toList();
        heap.forEach(MemoryPoolMXBean::resetPeakUsage);
        List<Measured> measured = new ArrayList<>();
        for (Case each : cases) {
            Measured m = measure(directory, rounds, each);
            progress.printf(
                    Locale.ROOT,
                    "%d-byte writes, %d threads: ratio %.2f%n",
                    each.writeBytes(),
                    each.threads(),
                    m.ratio());
            measured.add(m);
        }
        long peak =
                heap.stream().mapToLong(pool -> pool.getPeakUsage().getUsed()).sum();
        double volume = measured.stream().mapToDouble(Measured::volumeSeconds).sum();
        double file =
                measured.stream().mapToDouble(Measured::fileChannelSeconds).sum();
        long bytes = cases.stream().mapToLong(Case::bytes).sum();
        return new Result(rounded(file / volume), rounded(volume), rounded(file), bytes, peak / MIB, measured);
    }

    private static Measured measure(Path directory, int rounds, Case c) {
        List<Double> volumes = new ArrayList<>();
        List<Double> files = new ArrayList<>();
        long fsyncs = 0;
        for (int round = -1; round < rounds; round++) { // the first warms up
            VolumeWrites.Taken volume = inNewDirectory(directory, dir -> VolumeWrites.run(dir, c));
            double file = inNewDirectory(directory, dir -> FileWrites.run(dir, c, volume.fsyncs()));
            if (round >= 0) {
                volumes.add(volume.seconds());
                files.add(file);
                fsyncs += volume.fsyncs();
            }
        }
        double volume = median(volumes);
        double file = median(files);
        return new Measured(
                c, rounded(file / volume), rounded(volume), rounded(file), c.bytes() * rounds / Math.max(1, fsyncs));
    }

    private interface InDirectory<T> {
        T run(Path directory) throws IOException;
    }

    private static <T> T inNewDirectory(Path parent, InDirectory<T> work) {
        try {
            Files.createDirectories(parent);
            Path directory = Files.createTempDirectory(parent, "bench-write-");
            try {
                return work.run(directory);
            } finally {
                delete(directory);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot measure in " + parent + ": " + e, e);
        }
    }

    private static void delete(Path directory) throws IOException {
        List<Path> all;
        try (Stream<Path> paths = Files.walk(directory)) {
            all = paths.sorted(Comparator.reverseOrder()).toList();
        }
        for (Path path : all) {
            Files.delete(path);
        }
    }

    private static double median(List<Double> values) {
        List<Double> sorted = values.stream().sorted().toList();
        return sorted.get(sorted.size() / 2);
    }

    private static double rounded(double value) {
        return Math.round(value * 1000) / 1000.0;
    }
}
