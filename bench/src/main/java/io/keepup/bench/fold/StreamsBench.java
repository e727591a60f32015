package io.keepup.bench.fold;

import io.keepup.bench.VolumeLife;
import io.keepup.bench.VolumeLife.Course;
import io.keepup.bench.fold.Contender.Drained;
import io.keepup.engine.Policy;
import io.keepup.schemas.codec.CloudEventHeaders;
import io.keepup.schemas.topic.TopicSpec;
import io.keepup.schemas.topic.Topics;
import io.keepup.streams.StreamsSettings;
import io.keepup.streams.fold.KeepupTopology;
import io.keepup.streams.fold.RegistryPatience;
import io.keepup.streams.fold.StateRecovery;
import io.keepup.streams.metrics.FoldMetrics;
import io.keepup.streams.view.PublishedProjections;
import io.keepup.streams.watchdog.WatchdogSettings;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.streams.Topology;

/**
 * The fold on the embedded broker, exactly once, beside a bare stateful topology and a pass-through: on the same broker,
 * with the same settings, partitions and records, in turn within one run, so that noise hits all alike. What the bare one
 * stores and sends is as large as a state and an output of the fold. It sends one record for an event. So does the fold for
 * volumes that keep up, which is what a fleet is most of the time; of volumes in recovery it sends two to three, and that
 * is measured as well.
 */
public final class StreamsBench {

    private static final int EVENTS_PER_SECOND = 200;

    /** Rounds before those that count: until then the compiler takes a good part of both cores, the longer the more code runs. */
    private static final int WARM_UP = 4;

    /** What a volume waits here for its turn, among very many, is neither a stall nor a silence. */
    private static final WatchdogSettings PATIENT = new WatchdogSettings(
            WatchdogSettings.DEFAULT.interval(), Duration.ofHours(1), Duration.ofHours(1), Duration.ofHours(1));

    private StreamsBench() {}

    /**
     * How much is measured.
     *
     * @param volumes that the events are of, in turn
     * @param rounds backlogs that each topology gets through
     * @param backlog records in each
     * @param slices of time in which latency is measured, for each topology
     * @param sliceSeconds length of each
     * @param settings of the Streams app and its clients, for all three
     */
    public record Plan(
            int volumes, int rounds, int backlog, int slices, int sliceSeconds, Map<String, String> settings) {

        /** About two minutes on a quiet machine. */
        public static Plan of(int volumes, Map<String, String> settings) {
            return new Plan(volumes, 7, 100_000, 6, 3, settings);
        }
    }

    /**
     * What came out. Throughputs are medians of the rounds, ratios too; latencies are over all samples.
     *
     * @param throughputRatio of the fold to the bare topology, in the same round
     * @param recoveryRecordsPerSecond of the fold where each third event issues a session and all others are of one
     * @param cpuMicros that the process, broker and all, took for a record of the fold; hardly moved by other processes
     * @param p50Ratio of the fold to the pass-through
     */
    public record Result(
            long recordsPerSecond,
            long bareRecordsPerSecond,
            long passRecordsPerSecond,
            double throughputRatio,
            long recoveryRecordsPerSecond,
            double recoveryThroughputRatio,
            double recoveryCpuMicros,
            double cpuMicros,
            double bareCpuMicros,
            double passCpuMicros,
            double p50Ms,
            double p99Ms,
            double bareP50Ms,
            double bareP99Ms,
            double passP50Ms,
            double passP99Ms,
            double p50Ratio,
            double p99Ratio) {}

    /**
     * Measures, and tells how it goes on {@code progress}.
     *
     * @param directory for broker and state; the caller deletes it
     * @throws IllegalStateException when something does not run as it should
     */
    public static Result run(Path directory, Plan plan, PrintStream progress) throws InterruptedException {
        List<TopicSpec> plain = List.of(plain("bare.in"), plain("bare.out"), plain("pass.in"), plain("pass.out"));
        FoldMetrics metrics = new FoldMetrics(new SimpleMeterRegistry());
        try (Rig rig = Rig.start(directory, plan.settings, plain);
                Contender fold = fold(rig, metrics);
                Contender bare = plain(
                        rig,
                        "bare",
                        PlainTopologies.stateful(
                                plain.get(0).name(), plain.get(1).name()),
                        plain.subList(0, 2));
                Contender pass = plain(
                        rig,
                        "pass",
                        PlainTopologies.passThrough(
                                plain.get(2).name(), plain.get(3).name()),
                        plain.subList(2, 4))) {
            Result result = new StreamsBench.Run(rig, plan, List.of(fold, bare, pass), progress).run();
            if (metrics.rejected() > 0) {
                throw new IllegalStateException(
                        "%s events were refused: that is not what was to be measured".formatted(metrics.rejected()));
            }
            return result;
        }
    }

    static Contender fold(Rig rig, FoldMetrics metrics) {
        StreamsSettings settings = rig.streams("keepup");
        Topology topology = KeepupTopology.build(
                rig.codec,
                Policy.safe(),
                Topics.DEFAULT_PARTITIONS,
                PATIENT,
                Clock.systemUTC(),
                new RegistryPatience(Duration.ofSeconds(1)),
                metrics,
                StateRecovery.ofNewApp(),
                PublishedProjections.unchecked());
        return new Contender(
                rig,
                topology,
                settings.streams(),
                Topics.EVENTS,
                List.of(Topics.COMMANDS_NODE, Topics.COMMANDS_SESSION),
                StreamsBench::namedCause);
    }

    static Contender plain(Rig rig, String name, Topology topology, List<TopicSpec> topics) {
        return new Contender(
                rig,
                topology,
                rig.streams("bench-" + name).streams(),
                topics.get(0).name(),
                List.of(topics.get(1).name()),
                record -> header(record, CloudEventHeaders.ID));
    }

    static TopicSpec plain(String name) {
        TopicSpec events = Topics.shared().stream()
                .filter(t -> t.name().equals(Topics.EVENTS))
                .findFirst()
                .orElseThrow();
        return new TopicSpec(
                "bench." + name, events.key(), events.partitions(), events.cleanup(), events.config(), List.of());
    }

    private static Object namedCause(ConsumerRecord<byte[], byte[]> output) {
        return new Latency.Place(
                new TopicPartition(
                        header(output, CloudEventHeaders.CAUSE_TOPIC),
                        Integer.parseInt(header(output, CloudEventHeaders.CAUSE_PARTITION))),
                Long.parseLong(header(output, CloudEventHeaders.CAUSE_OFFSET)));
    }

    private static String header(ConsumerRecord<byte[], byte[]> record, String name) {
        return new String(record.headers().lastHeader(name).value(), StandardCharsets.UTF_8);
    }

    /** One run over running topologies: the fold, the bare one, the pass-through. */
    private record Run(Rig rig, Plan plan, List<Contender> contenders, PrintStream progress) {

        Result run() throws InterruptedException {
            List<Round> rounds = throughput(begun("vol", Course.keepup), begun("rec", Course.recovery));
            List<Latency> latencies = latency();
            Latency fold = latencies.get(0);
            Latency bare = latencies.get(1);
            Latency pass = latencies.get(2);
            return new Result(
                    Math.round(median(rounds, r -> r.fold.recordsPerSecond())),
                    Math.round(median(rounds, r -> r.bare.recordsPerSecond())),
                    Math.round(median(rounds, r -> r.pass.recordsPerSecond())),
                    rounded(median(rounds, Round::ratio)),
                    Math.round(median(rounds, r -> r.recoveryFold.recordsPerSecond())),
                    rounded(median(rounds, Round::recoveryRatio)),
                    rounded(median(rounds, r -> r.recoveryFold.cpuMicros())),
                    rounded(median(rounds, r -> r.fold.cpuMicros())),
                    rounded(median(rounds, r -> r.bare.cpuMicros())),
                    rounded(median(rounds, r -> r.pass.cpuMicros())),
                    rounded(fold.quantile(0.5)),
                    rounded(fold.quantile(0.99)),
                    rounded(bare.quantile(0.5)),
                    rounded(bare.quantile(0.99)),
                    rounded(pass.quantile(0.5)),
                    rounded(pass.quantile(0.99)),
                    rounded(fold.quantile(0.5) / pass.quantile(0.5)),
                    rounded(fold.quantile(0.99) / pass.quantile(0.99)));
        }

        private Load begun(String name, Course course) {
            Load load = new Load(name, plan.volumes, Topics.DEFAULT_PARTITIONS, rig.codec, course);
            contenders.get(0).drain(next(load, load.bootstrap()));
            return load;
        }

        /** The rounds to warm up are not among them; they are as many for each topology. */
        private List<Round> throughput(Load keepUp, Load recovery) {
            List<Round> rounds = new ArrayList<>();
            for (int number = 1 - WARM_UP; number <= plan.rounds; number++) {
                Drained[] keptUp = drained(contenders, number, next(keepUp, wholeCycles(keepUp, plan.backlog)));
                Drained[] recovered =
                        drained(contenders.subList(0, 2), number, next(recovery, wholeCycles(recovery, plan.backlog)));
                Round round = new Round(keptUp[0], keptUp[1], keptUp[2], recovered[0], recovered[1]);
                round.tell(number <= 0 ? "warm-up" : "round " + number, progress);
                if (number > 0) {
                    rounds.add(round);
                }
            }
            return rounds;
        }

        /** Each through the same records, one after the other; who begins changes from round to round. */
        private static Drained[] drained(List<Contender> contenders, int round, List<Load.Sent> backlog) {
            Drained[] drained = new Drained[contenders.size()];
            for (int i = 0; i < drained.length; i++) {
                int turn = Math.floorMod(round + i, drained.length);
                drained[turn] = contenders.get(turn).drain(backlog);
            }
            return drained;
        }

        /** A slice is one cycle of as many volumes as fit: at its end no session is live. */
        private List<Latency> latency() throws InterruptedException {
            List<Latency> latencies =
                    contenders.stream().map(c -> new Latency()).toList();
            int volumes = EVENTS_PER_SECOND * plan.sliceSeconds / VolumeLife.CYCLE;
            List<Load> loads = contenders.stream()
                    .map(c -> new Load("slow", volumes, Topics.DEFAULT_PARTITIONS, rig.codec))
                    .toList();
            contenders.get(0).drain(next(loads.get(0), loads.get(0).bootstrap()));
            int records = volumes * VolumeLife.CYCLE;
            for (int slice = 0; slice <= plan.slices; slice++) {
                for (int i = 0; i < contenders.size(); i++) {
                    int turn = (slice + i) % contenders.size();
                    latencies.get(turn).slice(rig, contenders.get(turn), loads.get(turn), records, EVENTS_PER_SECOND);
                }
                if (slice == 0) {
                    latencies.forEach(Latency::forget);
                }
            }
            return latencies;
        }
    }

    /** Volumes that keep up, through all three; volumes in recovery, through the fold and the bare one. */
    private record Round(Drained fold, Drained bare, Drained pass, Drained recoveryFold, Drained recoveryBare) {

        double ratio() {
            return fold.recordsPerSecond() / bare.recordsPerSecond();
        }

        double recoveryRatio() {
            return recoveryFold.recordsPerSecond() / recoveryBare.recordsPerSecond();
        }

        void tell(String name, PrintStream progress) {
            progress.printf(
                    Locale.ROOT,
                    "%-8s records/s: fold %,8.0f  bare %,8.0f  pass %,8.0f  fold/bare %.2f"
                            + "   in recovery: fold %,8.0f  fold/bare %.2f%n",
                    name,
                    fold.recordsPerSecond(),
                    bare.recordsPerSecond(),
                    pass.recordsPerSecond(),
                    ratio(),
                    recoveryFold.recordsPerSecond(),
                    recoveryRatio());
        }
    }

    private static List<Load.Sent> next(Load load, int records) {
        List<Load.Sent> next = new ArrayList<>(records);
        for (int i = 0; i < records; i++) {
            next.add(load.next());
        }
        return next;
    }

    /** About so many, but whole cycles of all volumes: no session stays live for the watchdog. */
    static int wholeCycles(Load load, int records) {
        return Math.max(1, Math.round((float) records / load.cycle())) * load.cycle();
    }

    private static double median(List<Round> rounds, ToDoubleFunction<Round> figure) {
        double[] sorted = rounds.stream().mapToDouble(figure).sorted().toArray();
        return sorted[sorted.length / 2];
    }

    private static double rounded(double value) {
        return Math.round(value * 100) / 100.0;
    }
}
