package io.keepup.bench.simulate.world;

import io.keepup.bench.simulate.log.Draft;
import io.keepup.bench.simulate.log.Link;
import io.keepup.bench.simulate.log.SimulatedClients;
import io.keepup.bench.simulate.log.SimulatedLog;
import io.keepup.bench.simulate.time.Draws;
import io.keepup.bench.simulate.time.Process;
import io.keepup.bench.simulate.time.Scheduler;
import io.keepup.engine.Policy;
import io.keepup.engine.state.VolumeState;
import io.keepup.schemas.codec.CloudEventHeaders;
import io.keepup.schemas.codec.RecordCodec;
import io.keepup.schemas.topic.Topics;
import io.keepup.streams.fold.Decider;
import io.keepup.streams.fold.Outcome;
import io.keepup.streams.fold.Output;
import io.keepup.streams.fold.SourceRecord;
import io.keepup.streams.mapping.EventMapping;
import io.keepup.streams.state.StateCodec;
import io.keepup.streams.watchdog.PrimaryWatch;
import io.keepup.streams.watchdog.WatchTime;
import io.keepup.streams.watchdog.Watchdog;
import io.keepup.streams.watchdog.WatchdogSettings;
import io.keepup.v1.Meta;
import io.keepup.v1.PrimarySilent;
import io.keepup.v1.SessionFailed;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.utils.Utils;

/**
 * The Streams app: the real decider and watchdog, in transactions of a few records. What an instance has not committed is
 * gone with it; the next one begins from the stored state at the committed offset.
 */
public final class SimulatedStreams {

    private static final String GROUP = "streams";
    private static final TopicPartition EVENTS = new TopicPartition(Topics.EVENTS, 0);
    private static final Duration POLL = Duration.ofMillis(100);

    /** Sees what was committed, when it is. */
    public interface Observer {
        /** @param before bytes of the volume's state, null before its first event */
        void folded(SourceRecord record, byte[] before, Outcome outcome);
    }

    private record Decided(SourceRecord record, byte[] before, Outcome outcome) {}

    private final Scheduler time;
    private final SimulatedLog log;
    private final RecordCodec codec;
    private final Policy policy;
    private final WatchdogSettings settings;
    private final Observer observer;
    private final Link link;
    private final Draws draws;
    private final long seed;
    private final Map<String, byte[]> store = new TreeMap<>();
    private final Map<String, VolumeState> volumes = new TreeMap<>();
    private Process process;
    private int starts;
    private boolean abortNext;

    SimulatedStreams(
            Scheduler time,
            SimulatedLog log,
            RecordCodec codec,
            Policy policy,
            WatchdogSettings settings,
            long seed,
            Observer observer) {
        this.time = time;
        this.log = log;
        this.codec = codec;
        this.policy = policy;
        this.settings = settings;
        this.observer = observer;
        this.link = new Link(time, GROUP);
        this.draws = Draws.of(seed, GROUP);
        this.seed = seed;
    }

    public Link link() {
        return link;
    }

    /** The state last committed; the initial one before the volume's first event. */
    public VolumeState volume(String volumeId) {
        return volumes.getOrDefault(volumeId, VolumeState.initial(volumeId));
    }

    /** Starts an instance; the one before is gone, with all it did not commit. */
    void restart() {
        if (process != null) {
            process.kill();
        }
        starts++;
        abortNext = false;
        process = time.process(GROUP + "." + starts);
        process.start("fold", () -> new Instance(process).run());
    }

    /** The instance dies between processing and its next commit that has something to it. */
    void abortNext() {
        abortNext = true;
    }

    /** One process of the app. */
    private final class Instance {
        private final Decider decider = new Decider(codec, policy, 1);
        private final Watchdog watchdog = new Watchdog(settings);
        private final PrimaryWatch primaries = new PrimaryWatch(settings);
        private final StateCodec states = new StateCodec();
        private final Consumer<byte[], ByteBuffer> consumer;
        private final WatchTime watched = new WatchTime(settings.interval(), time.millis());
        private long nextLook;

        Instance(Process mine) {
            consumer = new SimulatedClients(time, log, link, mine, seed, record -> {}).commandConsumer();
            consumer.assign(List.of(EVENTS));
            OffsetAndMetadata committed = log.committed(GROUP, EVENTS);
            consumer.seek(EVENTS, committed == null ? 0 : committed.offset());
            store.values().forEach(bytes -> see(states.decode(bytes)));
        }

        void run() {
            while (true) {
                List<Decided> decided = new ArrayList<>();
                List<Draft> drafts = new ArrayList<>();
                Map<String, byte[]> written = new HashMap<>();
                for (ConsumerRecord<byte[], ByteBuffer> record : consumer.poll(POLL)) {
                    decided.add(decide(source(record), drafts, written));
                }
                if (time.now() >= nextLook) {
                    nextLook = time.now() + settings.interval().toNanos();
                    look(drafts);
                }
                if (!decided.isEmpty() || !drafts.isEmpty()) {
                    commit(decided, drafts, written);
                }
            }
        }

        private SourceRecord source(ConsumerRecord<byte[], ByteBuffer> record) {
            return new SourceRecord(
                    record.topic(),
                    record.partition(),
                    record.offset(),
                    record.timestamp(),
                    record.key(),
                    record.value() == null ? null : Utils.toArray(record.value()),
                    record.headers());
        }

        private Decided decide(SourceRecord record, List<Draft> drafts, Map<String, byte[]> written) {
            byte[][] before = new byte[1][];
            Outcome outcome = decider.decide(record, volumeId -> {
                before[0] = written.getOrDefault(volumeId, store.get(volumeId));
                return before[0] == null ? VolumeState.initial(volumeId) : states.decode(before[0]);
            });
            if (outcome.volume() != null) {
                written.put(outcome.volume().volumeId(), outcome.state());
                see(outcome.volume());
            }
            for (Output output : outcome.outputs()) {
                drafts.add(new Draft(output.topic(), output.key(), output.value(), output.headers()));
            }
            return new Decided(record, before[0], outcome);
        }

        private void see(VolumeState volume) {
            long now = watched.at(time.millis());
            watchdog.see(volume, now);
            primaries.see(volume, now);
        }

        private void look(List<Draft> drafts) {
            long now = watched.look(time.millis());
            for (Watchdog.Alarm alarm : watchdog.overdue(now, time.millis())) {
                SessionFailed failed = EventMapping.toWire(alarm.event(), alarm.detail(), alarm.durationMs());
                drafts.add(said(failed.getMeta(), failed));
            }
            for (PrimaryWatch.Silence silence : primaries.overdue(now, time.millis())) {
                PrimarySilent missed = EventMapping.toWire(silence.event(), silence.since());
                drafts.add(said(missed.getMeta(), missed));
            }
        }

        private Draft said(Meta meta, SpecificRecord event) {
            return new Draft(
                    Topics.EVENTS,
                    meta.getVolumeId().getBytes(StandardCharsets.UTF_8),
                    codec.encode(Topics.EVENTS, event),
                    new RecordHeaders(CloudEventHeaders.of(event.getSchema().getFullName(), meta)));
        }

        private void commit(List<Decided> decided, List<Draft> drafts, Map<String, byte[]> written) {
            time.sleep(Duration.ofNanos(draws.between(100_000, 6_000_000)));
            if (abortNext) {
                abortNext = false;
                time.after(draws.between(1, 800) * 1_000_000, () -> time.world().start("streams", () -> restart()));
                throw gone();
            }
            log.transaction(drafts, time.millis(), GROUP);
            log.commit(GROUP, Map.of(EVENTS, new OffsetAndMetadata(consumer.position(EVENTS))));
            store.putAll(written);
            for (Decided each : decided) {
                if (each.outcome.volume() != null) {
                    volumes.put(each.outcome.volume().volumeId(), each.outcome.volume());
                }
                observer.folded(each.record, each.before, each.outcome);
            }
        }

        private Error gone() {
            process.condemn();
            process.requireAlive();
            throw new AssertionError("a dead process goes on");
        }
    }
}
