package io.keepup.streams.fold;

import static org.assertj.core.api.Assertions.assertThat;

import io.keepup.engine.Fold;
import io.keepup.engine.Policy;
import io.keepup.engine.Step;
import io.keepup.engine.state.VolumeState;
import io.keepup.schemas.codec.ConfluentAvroCodec;
import io.keepup.schemas.codec.RecordCodec;
import io.keepup.streams.Events;
import io.keepup.streams.InMemoryRegistry;
import io.keepup.streams.RandomHistory;
import io.keepup.streams.metrics.FoldMetrics;
import io.keepup.streams.state.StateCodec;
import io.keepup.streams.view.PublishedProjections;
import io.keepup.streams.watchdog.WatchdogSettings;
import io.keepup.v1.FailureReason;
import io.keepup.v1.SessionFailed;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.MockProcessorContext;
import org.apache.kafka.streams.processor.api.MockProcessorContext.CapturedPunctuator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** [R8] A task that begins with a filled store, as after a restart or a move, watches what is live in it. */
class WatchdogRestartTest {

    private static final long ISSUED = 1_700_000_002_000L;

    private final RecordCodec codec = new ConfluentAvroCodec(new InMemoryRegistry());
    private final MockProcessorContext<byte[], byte[]> context = new MockProcessorContext<>();
    private KeyValueStore<String, byte[]> volumes;

    @BeforeEach
    void fillTheStore() {
        volumes = Stores.keyValueStoreBuilder(
                        Stores.inMemoryKeyValueStore(KeepupTopology.STORE_VOLUMES), Serdes.String(), Serdes.ByteArray())
                .withLoggingDisabled()
                .build();
        volumes.init(context.getStateStoreContext(), volumes);
        context.addStateStore(volumes);
        KeyValueStore<String, byte[]> marks = Stores.keyValueStoreBuilder(
                        Stores.inMemoryKeyValueStore(KeepupTopology.STORE_FOLDED), Serdes.String(), Serdes.ByteArray())
                .withLoggingDisabled()
                .build();
        marks.init(context.getStateStoreContext(), marks);
        context.addStateStore(marks);
        store("idle", 100); // in keep-up
        store("live", 40); // catching up
    }

    private void store(String volumeId, long position) {
        Events events = new Events(volumeId);
        VolumeState state = VolumeState.initial(volumeId);
        for (SpecificRecord event : List.of(events.primary(1, "vs-2"), events.ack("vs-2", 1, 1, position, 10, 100))) {
            state = ((Step) new Fold(Policy.safe()).apply(state, RandomHistory.event(event))).state();
        }
        volumes.put(volumeId, new StateCodec().encode(state));
    }

    /** A task begins at that time; it answers with its ticks. */
    private CapturedPunctuator begin(long now) {
        context.setCurrentSystemTimeMs(now);
        FoldMetrics metrics = new FoldMetrics(new SimpleMeterRegistry());
        new FoldProcessor(
                        codec,
                        Policy.safe(),
                        1,
                        WatchdogSettings.DEFAULT,
                        Clock.systemUTC(),
                        new RegistryPatience(Duration.ofMillis(1)),
                        metrics,
                        StateRecovery.ofNewApp(),
                        PublishedProjections.unchecked())
                .init(context);
        CapturedPunctuator ticks = context.scheduledPunctuators().getLast();
        assertThat(ticks.getType()).isEqualTo(PunctuationType.WALL_CLOCK_TIME);
        assertThat(ticks.getInterval()).isEqualTo(Duration.ofSeconds(1));
        return ticks;
    }

    private List<SessionFailed> said() {
        List<SessionFailed> said = new ArrayList<>();
        context.forwarded(KeepupTopology.SINK_WATCHDOG).forEach(f -> {
            try {
                said.add((SessionFailed) codec.decode(f.record().value()));
            } catch (io.keepup.schemas.codec.UndecodableException e) {
                throw new AssertionError(e);
            }
        });
        return said;
    }

    @Test
    void S_R8_a_stall_is_told_by_the_next_task_too_after_the_limit_by_its_own_clock() {
        CapturedPunctuator ticks = begin(ISSUED + 60_000);

        look(ticks, ISSUED + 60_000, ISSUED + 90_000);
        assertThat(said()).as("whoever goes on may be read from the log first").isEmpty();
        look(ticks, ISSUED + 90_000, ISSUED + 92_000);

        assertThat(said()).singleElement().satisfies(failed -> {
            assertThat(failed.getMeta().getVolumeId()).isEqualTo("live");
            assertThat(failed.getReason()).isEqualTo(FailureReason.progress_stalled);
        });
    }

    @Test
    void A12_the_same_alarm_has_the_same_id_whichever_task_tells_it() {
        look(begin(ISSUED), ISSUED, ISSUED + 31_000);
        look(begin(ISSUED + 40_000), ISSUED + 40_000, ISSUED + 71_000);

        assertThat(said())
                .extracting(f -> f.getMeta().getEventId())
                .containsExactly("watchdog/live/1/progress_stalled/0", "watchdog/live/1/progress_stalled/0");
    }

    /** Every second from one time to another. */
    private static void look(CapturedPunctuator ticks, long from, long to) {
        for (long at = from + 1_000; at <= to; at += 1_000) {
            ticks.getPunctuator().punctuate(at);
        }
    }
}
