package io.keepup.bench.fleet;

import io.keepup.bench.fold.Load;
import io.keepup.bench.fold.Rig;
import io.keepup.engine.Policy;
import io.keepup.schemas.topic.Topics;
import io.keepup.streams.audit.AuditException;
import io.keepup.streams.audit.Progress;
import io.keepup.streams.audit.cluster.ClusterLog;
import io.keepup.streams.audit.verify.Account;
import io.keepup.streams.audit.verify.Tally;
import io.keepup.streams.audit.verify.Verification;
import io.keepup.streams.audit.verify.Verifier;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.function.ToLongFunction;

/**
 * Kills and restarts instances of the Streams app under load, measures how long the volumes they folded stand still, and
 * proves in the end that every event was folded and nothing was lost or written twice.
 */
public final class KillBench {

    private static final List<String> NAMES = List.of("a", "b");

    /** Beyond the session timeout: for the group to rebalance and the standby to take over, ms. */
    private static final long TAKEOVER_MS = 1_000;

    private KillBench() {}

    /**
     * How much is done to them.
     *
     * @param volumes that the events are of, in turn
     * @param eventsPerSecond of all volumes together
     * @param kills with -9, of the instance that folds the most partitions; its place is taken by a new one afterwards
     * @param halts at a record that it is about to send, of an instance that has just joined; needs settings by which that one
     *     gets partitions at once
     * @param restarts one after the other, in an orderly way
     * @param between events between two of these, at least
     * @param seed of the moments
     * @param settings of the Streams app and its clients
     */
    public record Plan(
            int volumes,
            int eventsPerSecond,
            int kills,
            int halts,
            int restarts,
            int between,
            long seed,
            Map<String, String> settings) {

        /** So many kills of two instances under 500 events a second. */
        public static Plan of(int kills, int between, long seed, Map<String, String> settings) {
            return new Plan(200, 500, kills, 0, NAMES.size(), between, seed, settings);
        }
    }

    /**
     * What came out.
     *
     * @param sessionTimeoutMs after which the group takes an instance for dead
     * @param takeoverLimitMs what a takeover should stay within: the session timeout and a second
     * @param middleTakeoverMs as {@code takeoverMs}, of the kill in the middle
     * @param takeoverMs the longest time from a kill until the last of its partitions was folded again, of events that came
     *     when it was dead
     * @param restartMs the longest such time for an instance that ended in an orderly way
     * @param events on the topic
     * @param outputs that follow from them and are there, byte for byte
     * @param differences events of which an output is missing, doubled or other than it should be
     */
    public record Result(
            int kills,
            int halts,
            int restarts,
            long sessionTimeoutMs,
            long takeoverLimitMs,
            long middleTakeoverMs,
            long takeoverMs,
            long restartMs,
            long events,
            long outputs,
            long differences) {}

    /**
     * Measures, and tells how it goes on {@code progress}.
     *
     * @param directory for broker, state and logs; the caller deletes it
     * @throws IllegalStateException when something does not run as it should
     */
    public static Result run(Path directory, Plan plan, PrintStream progress) {
        Map<String, String> settings = new HashMap<>(plan.settings);
        settings.putIfAbsent("num.standby.replicas", "1");
        try (Rig rig = Rig.start(directory, settings, List.of());
                Fleet fleet = new Fleet(rig, directory.resolve("fleet"), Map.of())) {
            NAMES.forEach(name -> fleet.start(name, Map.of()));
            fleet.awaitSettled();
            Load load = new Load("vol", plan.volumes, Topics.DEFAULT_PARTITIONS, rig.codec);
            try (Traffic traffic = Traffic.start(rig, load, plan.eventsPerSecond)) {
                return new Run(rig, fleet, traffic, plan, new Random(plan.seed), progress).run();
            }
        }
    }

    private record Run(Rig rig, Fleet fleet, Traffic traffic, Plan plan, Random random, PrintStream progress) {

        Result run() {
            long[] takeovers = new long[plan.kills];
            long restart = 0;
            for (int i = 0; i < plan.kills; i++) {
                progress.printf(Locale.ROOT, "kill %d of %d: ", i + 1, plan.kills);
                takeovers[i] = kill();
            }
            for (int i = 0; i < plan.halts; i++) {
                halt(1 + random.nextInt(400));
            }
            for (int i = 0; i < plan.restarts; i++) {
                restart = Math.max(restart, restart());
            }
            go();
            long events = traffic.stop(fleet);
            List<Verification> parts = verify();
            long folded = sum(parts, Account::events);
            if (folded < events) { // more, when the watchdog spoke
                throw new IllegalStateException(
                        "%s events are on the topic, %s were replayed".formatted(events, folded));
            }
            long sessionTimeout = Long.parseLong(rig.streams(Fleet.APPLICATION)
                    .streams()
                    .get("main.consumer.session.timeout.ms")
                    .toString());
            Arrays.sort(takeovers);
            return new Result(
                    plan.kills,
                    plan.halts,
                    plan.restarts,
                    sessionTimeout,
                    sessionTimeout + TAKEOVER_MS,
                    plan.kills == 0 ? 0 : takeovers[plan.kills / 2],
                    plan.kills == 0 ? 0 : takeovers[plan.kills - 1],
                    restart,
                    folded,
                    sum(parts, account -> account.topics().values().stream()
                            .mapToLong(Tally::equal)
                            .sum()),
                    parts.stream()
                            .mapToLong(p -> p.differences().size() + p.unlisted())
                            .sum());
        }

        /** Kills whoever folds the most; returns how long its partitions stood still, ms. */
        private long kill() {
            go();
            String victim = fleet.busiest();
            List<Integer> partitions = partitionsOf(victim);
            long begin = System.nanoTime();
            fleet.kill(victim);
            long[] before = traffic.onTopic(); // once it is dead, or its own last words would count
            long millis = awaitFolded(partitions, before, begin);
            tell("killed", victim, partitions, millis);
            fleet.start(victim, Map.of());
            fleet.awaitSettled();
            return millis;
        }

        /** Lets one join that dies when it has sent so many records, and then a sound one in its place. */
        private void halt(int records) {
            go();
            String victim = NAMES.get(random.nextInt(NAMES.size()));
            fleet.stop(victim);
            fleet.start(
                    victim,
                    Map.of(
                            "producer.interceptor.classes",
                            HaltAfter.class.getName(),
                            "producer." + HaltAfter.RECORDS,
                            String.valueOf(records)));
            fleet.awaitDeath(victim);
            progress.printf(Locale.ROOT, "%s halted before record %d%n", victim, records + 1);
            fleet.start(victim, Map.of());
            fleet.awaitSettled();
        }

        /** Ends whoever folds the most, in an orderly way; returns how long its partitions stood still, ms. */
        private long restart() {
            go();
            String name = fleet.busiest();
            List<Integer> partitions = partitionsOf(name);
            long[] before = traffic.onTopic();
            long begin = System.nanoTime();
            fleet.stop(name);
            long millis = awaitFolded(partitions, before, begin);
            tell("stopped", name, partitions, millis);
            fleet.start(name, Map.of());
            fleet.awaitSettled();
            return millis;
        }

        private List<Integer> partitionsOf(String name) {
            return fleet.partitions().entrySet().stream()
                    .filter(e -> e.getValue().equals(name))
                    .map(Map.Entry::getKey)
                    .toList();
        }

        private long awaitFolded(List<Integer> partitions, long[] before, long begin) {
            fleet.await("partitions %s are not folded again".formatted(partitions), () -> {
                long[] folded = traffic.folded();
                return partitions.stream().allMatch(p -> folded[p] > before[p]);
            });
            return (System.nanoTime() - begin) / 1_000_000;
        }

        private void tell(String what, String name, List<Integer> partitions, long millis) {
            progress.printf(
                    Locale.ROOT, "%s %s: partitions %s folded again after %,d ms%n", what, name, partitions, millis);
        }

        /** Waits until some events more were folded, a random number, and all that came before. */
        private void go() {
            long until = traffic.outputs() + plan.between + random.nextInt(1 + plan.between / 2);
            long[] before = traffic.onTopic();
            fleet.await("the fold does not go on", () -> {
                long[] folded = traffic.folded();
                boolean all = true;
                for (int p = 0; p < before.length; p++) {
                    all &= folded[p] >= before[p] - 3 * plan.volumes; // the last events may have no outputs
                }
                return all && traffic.outputs() >= until;
            });
        }

        private List<Verification> verify() {
            List<Verification> parts = new ArrayList<>();
            for (int partition = 0; partition < Topics.DEFAULT_PARTITIONS; partition++) {
                try (ClusterLog log = ClusterLog.of(rig.admin, () -> rig.reader(List.of()), partition)) {
                    long behind = log.awaitFold(Fleet.APPLICATION, Fleet.LIMIT, Progress.NONE);
                    if (behind > 0) {
                        throw new IllegalStateException(
                                "partition %s is %s events behind".formatted(partition, behind));
                    }
                    parts.add(new Verifier(log, rig.codec, Policy.safe()).run(Progress.NONE));
                } catch (AuditException e) {
                    throw new IllegalStateException("partition %s cannot be proven".formatted(partition), e);
                }
            }
            parts.forEach(p -> p.differences().forEach(progress::println));
            return parts;
        }

        private static long sum(List<Verification> parts, ToLongFunction<Account> what) {
            return parts.stream()
                    .flatMap(p -> p.accounts().stream())
                    .mapToLong(what)
                    .sum();
        }
    }
}
