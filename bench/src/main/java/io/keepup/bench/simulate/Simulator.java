package io.keepup.bench.simulate;

import io.keepup.bench.simulate.check.Violation;
import io.keepup.bench.simulate.plan.Plan;
import io.keepup.bench.simulate.plan.Shrinker;
import io.keepup.bench.simulate.time.Draws;
import io.keepup.bench.simulate.time.Scheduler;
import io.keepup.schemas.codec.RecordCodec;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongFunction;

/** Tells many histories, on all processors at once; each is told the same whoever tells it and whatever runs beside it. */
public final class Simulator {

    private static final int SHRINK_TRIES = 400;
    private static final long SHRINK_NANOS = 60_000_000_000L;

    private final RecordCodec codec = CatalogueCodec.create();

    /**
     * What was seen.
     *
     * @param histories told
     * @param violations histories in which an invariant did not hold: 0 or 1, the first one ends the run
     * @param faults what went wrong on purpose, by kind
     * @param historiesPerSecond by the wall clock, on all processors together
     * @param seed the run's
     * @param fingerprint the same for the same histories, byte for byte, on every machine
     * @param story of the violation, made as small as it gets; empty without one
     */
    public record Report(
            int histories,
            int violations,
            Map<String, Integer> faults,
            double historiesPerSecond,
            long seed,
            String fingerprint,
            String story) {}

    /** Told of every history. */
    public interface Progress {
        void told(int histories, int of);
    }

    /** Seed of the {@code n}th history of a run. */
    public static long seedOf(long seed, int n) {
        return n == 0 ? seed : Draws.at(seed, "history", n) >>> 1;
    }

    /** Tells so many histories of a seed, until one violates an invariant. */
    public Report run(int histories, long seed, Progress progress) {
        long started = System.nanoTime();
        AtomicInteger next = new AtomicInteger();
        AtomicInteger told = new AtomicInteger();
        AtomicReference<Failure> failure = new AtomicReference<>();
        AtomicLong fingerprint = new AtomicLong();
        Map<String, Integer> faults = new TreeMap<>();
        List<Thread> tellers = new ArrayList<>();
        for (int i = 0; i < Runtime.getRuntime().availableProcessors(); i++) {
            tellers.add(Thread.ofPlatform().name("teller-" + i).start(() -> {
                for (int n = next.getAndIncrement();
                        n < histories && failure.get() == null;
                        n = next.getAndIncrement()) {
                    Plan plan = Plan.of(seedOf(seed, n));
                    Failure failed = tell(plan, faults, fingerprint);
                    if (failed != null) {
                        failure.compareAndSet(null, failed);
                    }
                    progress.told(told.incrementAndGet(), histories);
                }
            }));
        }
        tellers.forEach(Simulator::join);
        double seconds = (System.nanoTime() - started) / 1e9;
        Failure failed = failure.get();
        return new Report(
                told.get(),
                failed == null ? 0 : 1,
                faults,
                Math.round(told.get() / seconds * 10) / 10.0,
                seed,
                String.format(Locale.ROOT, "%016x", fingerprint.get()),
                failed == null ? "" : story(failed));
    }

    /**
     * Tells histories of such plans one after the other until one violates an invariant.
     *
     * @return the violation; empty when all held
     * @throws Scheduler.BrokenOff when one cannot be told to its end
     */
    public Optional<Violation> search(int histories, long seed, LongFunction<Plan> plans) {
        for (int n = 0; n < histories; n++) {
            Violation violation =
                    History.tell(plans.apply(seedOf(seed, n)), codec).violation();
            if (violation != null) {
                return Optional.of(violation);
            }
        }
        return Optional.empty();
    }

    private record Failure(Plan plan, Violation violation, Scheduler.BrokenOff brokenOff) {
        /** Whether another failure is of the same kind. */
        boolean like(Failure other) {
            return other != null
                    && (violation == null
                            ? other.violation == null
                            : other.violation != null && other.violation.invariant() == violation.invariant());
        }
    }

    private Failure tell(Plan plan, Map<String, Integer> faults, AtomicLong fingerprint) {
        try {
            History.Result result = History.tell(plan, codec);
            fingerprint.addAndGet(result.fingerprint()); // in whatever order they come to their end
            synchronized (faults) {
                result.done().forEach((deed, count) -> {
                    if (deed.fault()) {
                        faults.merge(deed.word(), count, Integer::sum);
                    }
                });
            }
            return result.violation() == null ? null : new Failure(plan, result.violation(), null);
        } catch (Scheduler.BrokenOff e) {
            return new Failure(plan, null, e);
        }
    }

    private static void join(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while histories are told", e);
        }
    }

    private String story(Failure failed) {
        Map<String, Integer> ignored = new TreeMap<>();
        long patience = System.nanoTime() + SHRINK_NANOS;
        Plan small = Shrinker.shrink(
                failed.plan,
                part -> System.nanoTime() < patience && failed.like(tell(part, ignored, new AtomicLong())),
                SHRINK_TRIES);
        return new Story(codec).of(small, failed.plan);
    }
}
