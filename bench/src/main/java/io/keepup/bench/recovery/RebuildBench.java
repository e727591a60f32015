package io.keepup.bench.recovery;

import io.keepup.node.hosting.HostedVolume;
import io.keepup.v1.SessionKind;
import java.io.PrintStream;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * Rebuilds a fresh replica of a volume while it is written to, as the engine decides it. A smaller rebuild and a plain
 * transfer come first and are not counted: they warm up the JVM.
 */
public final class RebuildBench {

    private static final long WARM_UP = 256L << 20;
    private static final long SEED = 42;

    /** What a volume is filled with. */
    public enum Data {
        random,
        zeros
    }

    /**
     * What to measure.
     *
     * @param sizeBytes of the volume, a multiple of 1 MiB
     * @param fill the part of it that is written before, 0 to 1
     * @param data what it is filled with
     * @param writes durable writes of one block, anywhere in the volume, begun with the session
     * @param nodeSettings settings of the nodes, beside their defaults
     */
    public record Plan(long sizeBytes, double fill, Data data, int writes, Map<String, String> nodeSettings) {}

    /**
     * What was measured.
     *
     * @param rebuildSeconds from the sync that led to the session, to the event that completed it
     * @param equal whether both copies had the same SHA-256 in the end
     * @param bytes data the session brought: base without zero runs, and WAL
     * @param kafkaSeconds what plain clients need for as many bytes, before and after the rebuild on average
     * @param ratio {@code kafkaSeconds / rebuildSeconds}
     * @param peakHeapMiB of this JVM, with everything that runs in it, during the rebuild
     * @param zeroBytes data that came as zero runs
     * @param writesDuring writes that were durable on the primary when the session completed
     */
    public record Result(
            double rebuildSeconds,
            boolean equal,
            long bytes,
            double kafkaSeconds,
            double ratio,
            long peakHeapMiB,
            long zeroBytes,
            long writesDuring) {}

    private static final int WARM_UPS = 2;

    private RebuildBench() {}

    /** Measures, and tells how it goes on {@code out}. */
    public static Result run(Plan plan, PrintStream out) {
        return run(plan, WARM_UP, out);
    }

    static Result run(Plan plan, long warmUpBytes, PrintStream out) {
        try (Progress tell = new Progress(out)) {
            tell.line("a broker, a registry, the Streams app and two nodes start in this process");
            try (BenchCluster cluster = BenchCluster.start(plan.nodeSettings())) {
                return new Run(plan, warmUpBytes, tell, cluster).measure();
            }
        }
    }

    private static final class Run {
        private final Plan plan;
        private final long warmUpBytes;
        private final Progress tell;
        private final BenchCluster cluster;
        private final PlainKafka plain;

        Run(Plan plan, long warmUpBytes, Progress tell, BenchCluster cluster) {
            this.plan = plan;
            this.warmUpBytes = warmUpBytes;
            this.tell = tell;
            this.cluster = cluster;
            this.plain = new PlainKafka(cluster);
        }

        Result measure() {
            cluster.startNode(BenchCluster.PRIMARY);
            plain("warm-up: ", warmUpBytes);
            for (int i = 1; i <= WARM_UPS; i++) { // a storage node runs for months, its first rebuild tells of the JIT
                rebuild("warm-up-" + i, new Plan(warmUpBytes, 1, Data.random, plan.writes, Map.of()));
            }
            long bytes = Math.max(warmUpBytes, (long) (plan.sizeBytes * plan.fill));
            HostedVolume primary = prepare("bench", plan);
            double before = plain("", bytes);
            Rebuilt rebuilt = rebuild("bench", plan, primary);
            double after = plain("", bytes);
            double kafkaSeconds = rebuilt.bytes() * (1 / before + 1 / after) / 2;
            double seconds = rebuilt.session.seconds();
            return new Result(
                    seconds,
                    rebuilt.equal,
                    rebuilt.bytes(),
                    Figures.round(kafkaSeconds, 3),
                    Figures.round(kafkaSeconds / seconds, 3),
                    rebuilt.peakHeapMiB,
                    rebuilt.session.completed().getZeroBytes(),
                    rebuilt.writesDuring);
        }

        private double plain(String prefix, long bytes) {
            tell.step(
                    prefix + "plain producer and consumer move " + Progress.mib(bytes),
                    () -> Progress.mib(plain.moved()));
            Cpu cpu = new Cpu();
            double rate = plain.move(bytes);
            tell.line(String.format(Locale.ROOT, "  %.0f MB/s, %s", rate / 1e6, cpu));
            return rate;
        }

        private void rebuild(String volumeId, Plan warmUp) {
            rebuild(volumeId, warmUp, prepare(volumeId, warmUp));
            cluster.stopNode(BenchCluster.REPLICA);
        }

        /** A volume whose replica is away, filled, with all WAL trimmed: only a rebuild can bring the replica in. */
        private HostedVolume prepare(String volumeId, Plan of) {
            cluster.assign(volumeId, of.sizeBytes);
            HostedVolume primary = cluster.connected(volumeId);
            Writes writes = new Writes(primary, SEED);
            tell.step(
                    String.format(
                            Locale.ROOT,
                            "%s: a volume of %s is filled to %.0f %% with %s",
                            volumeId,
                            Progress.mib(of.sizeBytes),
                            100 * of.fill,
                            of.data),
                    () -> Progress.mib(writes.written()));
            writes.fill((long) (of.sizeBytes * of.fill), of.data);
            // Without an entry there is nothing a replica could miss.
            writes.fill(BenchCluster.BLOCK, BenchCluster.BLOCK, of.data);
            cluster.awaitShipped(primary);
            primary.trimWal(primary.status().appliedLsn());
            return primary;
        }

        private Rebuilt rebuild(String volumeId, Plan of, HostedVolume primary) {
            try (SessionWatch watch = new SessionWatch(cluster, volumeId)) {
                tell.step(volumeId + ": its replica starts, empty", watch::far);
                cluster.startNode(BenchCluster.REPLICA);
                watch.awaitIssued(SessionKind.rebuild);
                try (HeapPeak heap = new HeapPeak()) {
                    Cpu cpu = new Cpu();
                    Writes live = new Writes(primary, SEED + 1);
                    CompletableFuture<Void> writing = live.begin(of.writes);
                    SessionWatch.Session session = watch.awaitEnd();
                    String spent = cpu.toString();
                    long during = live.written() / BenchCluster.BLOCK;
                    long peak = heap.mebibytes();
                    Writes.join(writing);
                    tell.step(
                            String.format(
                                    Locale.ROOT,
                                    "  rebuilt in %.2f s, %s, %,d of %,d writes meanwhile; the copies are read",
                                    session.seconds(),
                                    spent,
                                    during,
                                    of.writes),
                            () -> "digesting");
                    boolean equal = cluster.equalCopies(volumeId);
                    tell.line(equal ? "  the copies are equal" : "  the copies are NOT equal");
                    return new Rebuilt(session, equal, during, peak);
                }
            }
        }
    }

    private record Rebuilt(SessionWatch.Session session, boolean equal, long writesDuring, long peakHeapMiB) {
        long bytes() {
            return session.completed().getBaseBytes() + session.completed().getWalBytes();
        }
    }
}
