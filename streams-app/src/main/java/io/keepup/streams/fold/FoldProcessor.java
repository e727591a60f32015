package io.keepup.streams.fold;

import io.keepup.engine.Policy;
import io.keepup.engine.state.VolumeState;
import io.keepup.schemas.codec.CloudEventHeaders;
import io.keepup.schemas.codec.RecordCodec;
import io.keepup.schemas.topic.Topics;
import io.keepup.streams.mapping.EventMapping;
import io.keepup.streams.metrics.FoldMetrics;
import io.keepup.streams.view.PublishedProjections;
import io.keepup.streams.watchdog.PrimaryWatch;
import io.keepup.streams.watchdog.ProjectionCheck;
import io.keepup.streams.watchdog.WatchTime;
import io.keepup.streams.watchdog.Watchdog;
import io.keepup.streams.watchdog.WatchdogSettings;
import io.keepup.v1.Meta;
import io.keepup.v1.PrimarySilent;
import io.keepup.v1.ProjectionOverwritten;
import io.keepup.v1.SessionFailed;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.List;
import java.util.function.Function;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.streams.processor.Cancellable;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.apache.kafka.streams.state.KeyValueStore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs the fold over one partition of events: decide, then write the state and send what follows, in one transaction.
 * A record that is bad or refused is a decision too; an exception here is a bug, or means that the app is stopping. By
 * the clock, the watchdog looks at the live sessions and the primaries of the partition: it remembers them, so a tick looks at
 * nothing else.
 */
final class FoldProcessor implements Processor<byte[], byte[], byte[], byte[]> {

    private static final Logger log = LoggerFactory.getLogger(FoldProcessor.class);
    private static final String PRIMARY_SILENT = "primary_silent";
    private static final String PROJECTION_OVERWRITTEN = "projection_overwritten";
    /** Less than a consumer's heartbeats may be late. */
    private static final long SET_BACK_MS = 2_000;

    private final RecordCodec codec;
    private final Decider decider;
    private final WatchdogSettings settings;
    private final Clock clock;
    private final RegistryPatience patience;
    private final FoldMetrics metrics;
    private final StateRecovery recovery;
    private final Policy policy;
    private final PublishedProjections published;
    private ProcessorContext<byte[], byte[]> context;
    private FoldedState state;
    private Watchdog watchdog;
    private PrimaryWatch primaries;
    private ProjectionCheck projections;
    private WatchTime time;
    /** By how much the wall clock is ahead of the steady one. */
    private long aheadMs;

    private Cancellable ticks;

    FoldProcessor(
            RecordCodec codec,
            Policy policy,
            int partitions,
            WatchdogSettings settings,
            Clock clock,
            RegistryPatience patience,
            FoldMetrics metrics,
            StateRecovery recovery,
            PublishedProjections published) {
        this.codec = codec;
        this.settings = settings;
        this.clock = clock;
        this.decider = new Decider(codec, policy, partitions);
        this.patience = patience;
        this.metrics = metrics;
        this.recovery = recovery;
        this.policy = policy;
        this.published = published;
    }

    @Override
    public void init(ProcessorContext<byte[], byte[]> processorContext) {
        context = processorContext;
        watchdog = new Watchdog(settings);
        primaries = new PrimaryWatch(settings);
        time = new WatchTime(settings.interval(), processorContext.currentSystemTimeMs());
        aheadMs = clock.millis() - processorContext.currentSystemTimeMs();
        KeyValueStore<String, byte[]> store = processorContext.getStateStore(KeepupTopology.STORE_VOLUMES);
        KeyValueStore<String, byte[]> marks = processorContext.getStateStore(KeepupTopology.STORE_FOLDED);
        state = FoldedState.open(store, marks, processorContext.taskId().partition(), recovery, this::decide);
        projections = new ProjectionCheck(policy, published);
        state.volumes().all().forEach(this::see);
        ticks = processorContext.schedule(settings.interval(), PunctuationType.WALL_CLOCK_TIME, this::watch);
    }

    @Override
    public void close() {
        if (ticks != null) { // the store may have been unreadable, which is what has to be heard of
            ticks.cancel();
            projections.close();
        }
    }

    private void see(VolumeState volume) {
        long now = time.at(context.currentSystemTimeMs());
        watchdog.see(volume, now);
        primaries.see(volume, now);
        projections.changed(volume.volumeId(), now);
    }

    private void watch(long steadyMs) {
        long now = time.look(steadyMs);
        long wallMs = clock.millis();
        requireNotSetBack(wallMs - steadyMs);
        for (Watchdog.Alarm alarm : watchdog.overdue(now, wallMs)) {
            SessionFailed failed = EventMapping.toWire(alarm.event(), alarm.detail(), alarm.durationMs());
            say(failed.getMeta(), failed);
            metrics.alarm(failed.getReason().name());
        }
        for (PrimaryWatch.Silence silence : primaries.overdue(now, wallMs)) {
            PrimarySilent missed = EventMapping.toWire(silence.event(), silence.since());
            say(missed.getMeta(), missed);
            metrics.alarm(PRIMARY_SILENT);
        }
        checkProjections(now, wallMs);
    }

    private void checkProjections(long now, long wallMs) {
        TaskVolumes volumes = state.volumes();
        List<ProjectionCheck.Overwritten> found = projections.overdue(volumes.all(), volumes::known, now, wallMs);
        for (ProjectionCheck.Overwritten each : found) {
            ProjectionOverwritten event = EventMapping.toWire(each.event(), each.partition(), each.offset());
            say(event.getMeta(), event);
            metrics.alarm(PROJECTION_OVERWRITTEN);
        }
        if (!found.isEmpty()) {
            log.warn(
                    "publishing the projections of {} volumes again, the first {}: another process writes to {}, or another"
                            + " build published them",
                    found.size(),
                    found.getFirst().event().meta().volumeId(),
                    Topics.PROJECTIONS);
        }
    }

    private void requireNotSetBack(long nowAheadMs) {
        long back = aheadMs - nowAheadMs;
        if (back > SET_BACK_MS) {
            throw new ClockSetBackException(back);
        }
        aheadMs = nowAheadMs;
    }

    private void say(Meta meta, SpecificRecord event) {
        String type = event.getSchema().getFullName();
        context.forward(
                new Record<>(
                        meta.getVolumeId().getBytes(StandardCharsets.UTF_8),
                        patience.call(() -> codec.encode(Topics.EVENTS, event)),
                        meta.getOccurredAt().toEpochMilli(),
                        new RecordHeaders(CloudEventHeaders.of(type, meta))),
                KeepupTopology.SINK_WATCHDOG);
    }

    @Override
    public void process(Record<byte[], byte[]> record) {
        SourceRecord source = source(record);
        if (!state.expects(source.offset())) {
            return; // with all that followed from it
        }
        FoldMetrics.Sample sample = metrics.begin();
        Outcome outcome = decide(source, state.volumes()::get);
        if (outcome.volume() != null) {
            state.volumes().put(outcome.volume(), outcome.state());
            see(outcome.volume());
        }
        state.folded(source.offset());
        for (Output output : outcome.outputs()) {
            context.forward(
                    new Record<>(output.key(), output.value(), record.timestamp(), output.headers()), output.sink());
        }
        sample.end(outcome.rejected(), outcome.commandTypes());
    }

    private Outcome decide(SourceRecord event, Function<String, VolumeState> volumes) {
        return patience.call(() -> decider.decide(event, volumes));
    }

    private SourceRecord source(Record<byte[], byte[]> record) {
        RecordMetadata at = context.recordMetadata()
                .orElseThrow(() -> new IllegalStateException("the fold was called without a source record"));
        return new SourceRecord(
                at.topic(),
                at.partition(),
                at.offset(),
                record.timestamp(),
                record.key(),
                record.value(),
                record.headers());
    }
}
