package io.keepup.bench.recovery;

import io.keepup.bench.recovery.PlainKafka.Fetching;
import io.keepup.bench.recovery.RebuildBench.Data;
import io.keepup.node.hosting.HostedVolume;
import io.keepup.schemas.topic.Topics;
import io.keepup.v1.SessionKind;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A replica that was away catches up from the WAL lane, held against a plain consumer that reads the same records, once with
 * Kafka's own defaults and once tuned as the lanes' consumers are. Others come first and are not counted: they warm up the
 * JVM. Of several rounds the one with the middle ratio counts.
 */
public final class CatchUpBench {

    private static final long WARM_UP = 512L << 20;
    private static final int WARM_UPS = 2;
    private static final long SEED = 42;
    private static final int ROUNDS = 3;

    /**
     * What to measure.
     *
     * @param bytes written while the replica is away
     * @param entryBytes size of one WAL entry, whole blocks
     * @param nodeSettings settings of the nodes, beside their defaults
     */
    public record Plan(long bytes, int entryBytes, Map<String, String> nodeSettings) {}

    /**
     * What was measured in the round with the middle ratio.
     *
     * @param catchUpSeconds from the sync that led to the session, to the event that completed it
     * @param equal whether both copies had the same SHA-256 at the end of every round
     * @param bytes data of the entries applied
     * @param kafkaSeconds what a plain consumer needs for the same records, before and after the catch-up on average
     * @param ratio {@code kafkaSeconds / catchUpSeconds}
     * @param leastRatio of all rounds
     * @param mostRatio of all rounds
     * @param tunedKafkaSeconds as {@code kafkaSeconds}, tuned
     * @param tunedRatio {@code tunedKafkaSeconds / catchUpSeconds}
     * @param peakHeapMiB of this JVM, with everything that runs in it, during the catch-up
     */
    public record Result(
            double catchUpSeconds,
            boolean equal,
            long bytes,
            double kafkaSeconds,
            double ratio,
            double leastRatio,
            double mostRatio,
            double tunedKafkaSeconds,
            double tunedRatio,
            long peakHeapMiB) {}

    private CatchUpBench() {}

    /** Measures, and tells how it goes on {@code out}. */
    public static Result run(Plan plan, PrintStream out) {
        return run(plan, WARM_UP, out);
    }

    static Result run(Plan plan, long warmUpBytes, PrintStream out) {
        try (Progress tell = new Progress(out)) {
            tell.line("a broker, a registry, the Streams app and two nodes start in this process");
            try (BenchCluster cluster = BenchCluster.start(plan.nodeSettings())) {
                cluster.startNode(BenchCluster.PRIMARY);
                Plan warmUp = new Plan(Math.min(warmUpBytes, plan.bytes), plan.entryBytes, Map.of());
                for (int i = 1; i <= WARM_UPS; i++) {
                    measure(cluster, tell, "warm-up-" + i, warmUp);
                }
                List<Result> rounds = new ArrayList<>();
                for (int i = 1; i <= ROUNDS; i++) {
                    rounds.add(measure(cluster, tell, "round-" + i, plan));
                }
                return middle(rounds);
            }
        }
    }

    private static Result middle(List<Result> rounds) {
        List<Result> sorted = rounds.stream()
                .sorted(Comparator.comparingDouble(Result::ratio))
                .toList();
        Result middle = sorted.get(ROUNDS / 2);
        return new Result(
                middle.catchUpSeconds,
                rounds.stream().allMatch(Result::equal),
                middle.bytes,
                middle.kafkaSeconds,
                middle.ratio,
                sorted.get(0).ratio,
                sorted.get(ROUNDS - 1).ratio,
                middle.tunedKafkaSeconds,
                middle.tunedRatio,
                middle.peakHeapMiB);
    }

    private static Result measure(BenchCluster cluster, Progress tell, String volumeId, Plan plan) {
        cluster.assign(volumeId, Math.max(1 << 20, plan.bytes));
        HostedVolume primary = cluster.connected(volumeId);
        Writes writes = new Writes(primary, SEED);
        tell.step(
                "%s: %s are written in entries of %s KiB"
                        .formatted(volumeId, Progress.mib(plan.bytes), plan.entryBytes >> 10),
                () -> Progress.mib(writes.written()));
        writes.fill(plan.bytes, plan.entryBytes, Data.random);
        cluster.awaitShipped(primary);
        PlainKafka plain = new PlainKafka(cluster);
        Rates before = Rates.plainFirst(tell, plain, volumeId);
        SessionWatch.Session session;
        long peak;
        String spent;
        try (SessionWatch watch = new SessionWatch(cluster, volumeId)) {
            tell.step(volumeId + ": its replica starts, empty", watch::far);
            cluster.startNode(BenchCluster.REPLICA);
            watch.awaitIssued(SessionKind.catchup);
            try (HeapPeak heap = new HeapPeak()) {
                Cpu cpu = new Cpu();
                session = watch.awaitEnd();
                spent = cpu.toString();
                peak = heap.mebibytes();
            }
        }
        tell.line(String.format(Locale.ROOT, "  caught up in %.2f s, %s", session.seconds(), spent));
        Rates after = Rates.tunedFirst(tell, plain, volumeId);
        tell.step("  the copies are digested", () -> "digesting");
        boolean equal = cluster.equalCopies(volumeId);
        cluster.stopNode(BenchCluster.REPLICA);
        tell.line(equal ? "  the copies are equal" : "  the copies are NOT equal");
        long bytes = session.completed().getWalBytes();
        double kafkaSeconds = bytes * (1 / before.plain + 1 / after.plain) / 2;
        double tunedSeconds = bytes * (1 / before.tuned + 1 / after.tuned) / 2;
        double ratio = Figures.round(kafkaSeconds / session.seconds(), 3);
        return new Result(
                session.seconds(),
                equal,
                bytes,
                Figures.round(kafkaSeconds, 3),
                ratio,
                ratio,
                ratio,
                Figures.round(tunedSeconds, 3),
                Figures.round(tunedSeconds / session.seconds(), 3),
                peak);
    }

    /** Bytes a second of consumers that do nothing with what they read. Each comes first once: the second finds the records cached. */
    private record Rates(double plain, double tuned) {

        static Rates plainFirst(Progress tell, PlainKafka kafka, String volumeId) {
            double plain = read(tell, kafka, volumeId, Fetching.plain);
            return new Rates(plain, read(tell, kafka, volumeId, Fetching.tuned));
        }

        static Rates tunedFirst(Progress tell, PlainKafka kafka, String volumeId) {
            double tuned = read(tell, kafka, volumeId, Fetching.tuned);
            return new Rates(read(tell, kafka, volumeId, Fetching.plain), tuned);
        }

        private static double read(Progress tell, PlainKafka kafka, String volumeId, Fetching fetching) {
            tell.step("a consumer (%s) reads the WAL topic".formatted(fetching), () -> Progress.mib(kafka.moved()));
            Cpu cpu = new Cpu();
            double rate = kafka.read(Topics.wal(volumeId), fetching);
            tell.line(String.format(Locale.ROOT, "  %.0f MB/s, %s", rate / 1e6, cpu));
            return rate;
        }
    }
}
