package io.keepup.streams.metrics;

import io.keepup.v1.RejectReason;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * What the fold did, counted since the process started. A transaction that is taken back was counted all the same: the
 * topics are the truth, these are for rates and alarms. Thread-safe.
 */
public final class FoldMetrics {

    private final MeterRegistry registry;
    private final Counter folded;
    private final Timer duration;
    private final Map<RejectReason, Counter> rejected = new EnumMap<>(RejectReason.class);
    private final Map<String, Counter> commands = new ConcurrentHashMap<>();

    public FoldMetrics(MeterRegistry registry) {
        this.registry = registry;
        this.folded = Counter.builder("keepup.events.folded")
                .description("Events that the guard admitted")
                .register(registry);
        this.duration = Timer.builder("keepup.fold")
                .description("Time from a record's arrival at the fold to its outputs being handed to the producer")
                .serviceLevelObjectives(
                        Duration.ofNanos(50_000),
                        Duration.ofNanos(100_000),
                        Duration.ofNanos(250_000),
                        Duration.ofMillis(1),
                        Duration.ofMillis(5),
                        Duration.ofMillis(25),
                        Duration.ofMillis(100),
                        Duration.ofSeconds(1))
                .register(registry);
        for (RejectReason reason : RejectReason.values()) {
            if (reason != RejectReason.unknown) {
                rejected.put(
                        reason,
                        Counter.builder("keepup.rejected")
                                .description("Records kept in the rejected topic")
                                .tag("reason", reason.name())
                                .register(registry));
            }
        }
    }

    /** Begins to time one record. */
    public Sample begin() {
        return new Sample(Timer.start(registry));
    }

    /** Events folded since the start. */
    public long folded() {
        return (long) folded.count();
    }

    /** Records refused since the start. */
    public long rejected() {
        return (long) rejected.values().stream().mapToDouble(Counter::count).sum();
    }

    /** The watchdog failed a session, or missed a primary. */
    public void alarm(String reason) {
        Counter.builder("keepup.watchdog.alarms")
                .description("Sessions the watchdog failed, and primaries it missed")
                .tag("reason", reason)
                .register(registry)
                .increment();
    }

    private Counter command(String type) {
        return Counter.builder("keepup.commands")
                .description("Command records sent")
                .tag("type", type)
                .register(registry);
    }

    /** One record on its way through the fold. */
    public final class Sample {

        private final Timer.Sample timer;

        private Sample(Timer.Sample timer) {
            this.timer = timer;
        }

        /**
         * The record is done.
         *
         * @param reason null when it was folded
         * @param commandTypes one for each command record
         */
        public void end(RejectReason reason, List<String> commandTypes) {
            timer.stop(duration);
            if (reason == null) {
                folded.increment();
            } else {
                rejected.get(reason).increment();
            }
            commandTypes.forEach(type ->
                    commands.computeIfAbsent(type, FoldMetrics.this::command).increment());
        }
    }
}
