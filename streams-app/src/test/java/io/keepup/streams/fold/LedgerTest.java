package io.keepup.streams.fold;

import static org.assertj.core.api.Assertions.assertThat;

import io.keepup.engine.Engine;
import io.keepup.engine.Policy;
import io.keepup.engine.state.ReplicaView;
import io.keepup.engine.state.View;
import io.keepup.engine.state.VolumeState;
import io.keepup.schemas.codec.CloudEventHeaders;
import io.keepup.schemas.topic.Topics;
import io.keepup.streams.Events;
import io.keepup.streams.RandomHistory;
import io.keepup.streams.fold.FoldHarness.Out;
import io.keepup.streams.state.StateCodec;
import io.keepup.v1.FailureReason;
import io.keepup.v1.Meta;
import io.keepup.v1.Role;
import io.keepup.v1.SessionCause;
import io.keepup.v1.SessionCompleted;
import io.keepup.v1.SessionFailed;
import io.keepup.v1.SessionKind;
import io.keepup.v1.SessionOutcome;
import io.keepup.v1.SessionRecord;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** [invariant 2] One record a session, for ever: when it began, and once how it ended. */
class LedgerTest {

    @TempDir
    Path directory;

    private final Events events = new Events("vol-1");
    private FoldHarness fold;

    @BeforeEach
    void open() {
        fold = new FoldHarness(directory.resolve("state"));
        fold.send(events.primary(1, "vs-2", "vs-3"));
    }

    @AfterEach
    void close() {
        fold.close();
    }

    private List<SessionRecord> entries(SpecificRecord event) {
        return fold.send(event).stream()
                .filter(o -> o.topic().equals(Topics.SESSIONS))
                .map(o -> o.as(SessionRecord.class))
                .toList();
    }

    @Test
    void a_session_is_entered_when_it_is_issued_under_the_key_it_keeps() {
        var ack = events.ack("vs-2", 1, 1, 40, 10, 100);
        Out out = fold.send(ack).stream()
                .filter(o -> o.topic().equals(Topics.SESSIONS))
                .findFirst()
                .orElseThrow();
        assertThat(out.key()).isEqualTo("vol-1/1");
        assertThat(out.headers())
                .containsEntry(CloudEventHeaders.ID, "session/vol-1/1/issued")
                .containsEntry(CloudEventHeaders.CAUSE_OFFSET, "1");
        SessionRecord session = out.as(SessionRecord.class);
        assertThat(session.getMeta().getVolumeId()).isEqualTo("vol-1");
        assertThat(session.getMeta().getNodeId()).isEqualTo("vs-1");
        assertThat(session.getMeta().getEpoch()).isEqualTo(1);
        assertThat(session.getReplicaId()).isEqualTo("vs-2");
        assertThat(session.getKind()).isEqualTo(SessionKind.catchup);
        assertThat(session.getCause()).isEqualTo(SessionCause.behind);
        assertThat(session.getStartLsn()).isEqualTo(40);
        assertThat(session.getTargetLsn()).isEqualTo(100);
        assertThat(session.getOutcome()).isEqualTo(SessionOutcome.live);
        assertThat(session.getBegin()).isEqualTo(ack.getMeta().getOccurredAt());
        assertThat(session.getEnd()).isNull();
        assertThat(session.getEngineVersion()).isEqualTo(Engine.VERSION);
        assertThat(entries(events.progress("vs-2", 1, 1, SessionKind.catchup, 60)))
                .as("progress is no entry")
                .isEmpty();
    }

    @Test
    void a_completed_session_is_entered_with_what_it_took() {
        var ack = events.ack("vs-2", 1, 1, 5, 10, 100);
        fold.send(ack);
        fold.send(events.progress("vs-2", 1, 1, SessionKind.rebuild, 60));
        SessionCompleted completed = SessionCompleted.newBuilder(
                        events.completed("vs-2", 1, 1, SessionKind.rebuild, 120))
                .setBaseBytes(4096L)
                .setWalBytes(77L)
                .setZeroBytes(8192L)
                .setSkippedBlocks(3L)
                .build();

        List<SessionRecord> entries = entries(completed);

        assertThat(entries).hasSize(1);
        SessionRecord session = entries.get(0);
        assertThat(session.getOutcome()).isEqualTo(SessionOutcome.completed);
        assertThat(session.getReason()).isNull();
        assertThat(session.getCause()).isEqualTo(SessionCause.behind_wal_tail);
        assertThat(session.getBegin()).isEqualTo(ack.getMeta().getOccurredAt());
        assertThat(session.getEnd()).isEqualTo(completed.getMeta().getOccurredAt());
        assertThat(session.getAchievedLsn()).isEqualTo(120);
        assertThat(session.getBytes()).isEqualTo(60 * 4096);
        assertThat(session.getBaseBytes()).isEqualTo(4096);
        assertThat(session.getWalBytes()).isEqualTo(77);
        assertThat(session.getZeroBytes()).isEqualTo(8192);
        assertThat(session.getSkippedBlocks()).isEqualTo(3);
        assertThat(session.getSkippedBytes()).isEqualTo(3 * 4096);
    }

    @Test
    void a_failed_session_is_entered_with_its_reason() {
        fold.send(events.ack("vs-2", 1, 1, 40, 10, 100));
        List<SessionRecord> entries = entries(events.failed("vs-2", 1, 1, SessionKind.catchup, FailureReason.pin_lost));
        assertThat(entries).singleElement().satisfies(s -> {
            assertThat(s.getOutcome()).isEqualTo(SessionOutcome.failed);
            assertThat(s.getReason()).isEqualTo(FailureReason.pin_lost);
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"node/vs-2", "node/vs-1", "watchdog"})
    void a_failed_session_is_entered_with_what_it_took_when_its_replica_says_so(String source) {
        fold.send(events.ack("vs-2", 1, 1, 5, 10, 100));
        SessionFailed said = events.failed("vs-2", 1, 1, SessionKind.rebuild, FailureReason.transport_lost);
        SessionFailed failed = SessionFailed.newBuilder(said)
                .setMeta(Meta.newBuilder(said.getMeta()).setSource(source).build())
                .setBaseBytes(4096L)
                .setWalBytes(77L)
                .setZeroBytes(8192L)
                .setSkippedBlocks(3L)
                .build();

        List<SessionRecord> entries = entries(failed);

        boolean own = source.equals("node/vs-2");
        assertThat(entries).singleElement().satisfies(s -> {
            assertThat(s.getOutcome()).isEqualTo(SessionOutcome.failed);
            assertThat(s.getAchievedLsn()).isZero();
            assertThat(s.getBaseBytes()).isEqualTo(own ? 4096 : 0);
            assertThat(s.getWalBytes()).isEqualTo(own ? 77 : 0);
            assertThat(s.getZeroBytes()).isEqualTo(own ? 8192 : 0);
            assertThat(s.getSkippedBlocks()).isEqualTo(own ? 3 : 0);
            assertThat(s.getSkippedBytes()).isEqualTo(own ? 3 * 4096 : 0);
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"node/vs-2", "watchdog"})
    void S_F14_how_long_a_session_took_is_told_by_one_clock_however_far_the_nodes_clocks_are_apart(String source) {
        fold.send(events.ack("vs-2", 1, 1, 5, 10, 100));
        Events hourBefore = new Events("vol-1", FoldHarness.START.minusSeconds(3_600));
        SessionFailed said = hourBefore.failed("vs-2", 1, 1, SessionKind.rebuild, FailureReason.transport_lost);
        SessionFailed failed = SessionFailed.newBuilder(said)
                .setMeta(Meta.newBuilder(said.getMeta()).setSource(source).build())
                .setDurationMs(1_234L)
                .build();

        assertThat(entries(failed)).singleElement().satisfies(s -> {
            assertThat(s.getDurationMs()).isEqualTo(1_234L);
            assertThat(s.getEnd()).as("for people").isBefore(s.getBegin());
        });

        fold.send(events.ack("vs-2", 1, 2, 5, 10, 100));
        SessionCompleted completed = SessionCompleted.newBuilder(
                        hourBefore.completed("vs-2", 1, 2, SessionKind.rebuild, 100))
                .setDurationMs(5_678L)
                .build();
        assertThat(entries(completed)).singleElement().satisfies(s -> assertThat(s.getDurationMs())
                .isEqualTo(5_678L));

        fold.send(events.ack("vs-2", 1, 3, 5, 10, 200));
        assertThat(entries(events.cancelWish("vs-2", 1, 3)))
                .as("nobody measured it")
                .singleElement()
                .satisfies(s -> assertThat(s.getDurationMs()).isNull());
    }

    @Test
    void S_V12_a_wish_ends_one_session_and_begins_the_next() {
        fold.send(events.ack("vs-2", 1, 1, 40, 10, 100));
        List<SessionRecord> entries = entries(events.rebuildWish("vs-2", 1));
        assertThat(entries).extracting(SessionRecord::getSessionId).containsExactly(1L, 2L);
        assertThat(entries)
                .extracting(SessionRecord::getOutcome)
                .containsExactly(SessionOutcome.failed, SessionOutcome.live);
        assertThat(entries.get(0).getReason()).isEqualTo(FailureReason.cancelled);
        assertThat(entries.get(1).getCause()).isEqualTo(SessionCause.operator_request);
    }

    @Test
    void G3_removal_of_the_replica_and_a_higher_epoch_end_its_session() {
        fold.send(events.ack("vs-2", 1, 1, 40, 10, 100));
        fold.send(events.ack("vs-3", 1, 1, 40, 10, 100));
        assertThat(entries(events.primary(1, "vs-3"))).singleElement().satisfies(s -> {
            assertThat(s.getSessionId()).isEqualTo(1);
            assertThat(s.getReason()).isEqualTo(FailureReason.cancelled);
        });
        assertThat(entries(events.assignment("vs-3", 2, Role.primary, List.of())))
                .singleElement()
                .satisfies(s -> {
                    assertThat(s.getSessionId()).isEqualTo(2);
                    assertThat(s.getMeta().getEpoch()).as("it was issued under").isEqualTo(1);
                    assertThat(s.getMeta().getNodeId()).isEqualTo("vs-1");
                    assertThat(s.getReason()).isEqualTo(FailureReason.superseded);
                });
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void invariant_2_every_session_of_a_random_history_begins_once_and_ends_at_most_once(boolean safe) {
        for (long seed = 1; seed <= 8; seed++) {
            try (FoldHarness any = new FoldHarness(
                    directory.resolve("random" + safe + seed), safe ? Policy.safe() : Policy.reference())) {
                RandomHistory history = new RandomHistory("vol-1", seed);
                Map<Long, SessionRecord> begun = new HashMap<>();
                Map<Long, SessionRecord> ended = new HashMap<>();
                for (int i = 0; i < 300; i++) {
                    for (Out out : any.send(history.next())) {
                        if (out.value() instanceof SessionRecord session) {
                            assertThat(out.key()).isEqualTo("vol-1/" + session.getSessionId());
                            boolean live = session.getOutcome() == SessionOutcome.live;
                            assertThat((live ? begun : ended).put(session.getSessionId(), session))
                                    .as("seed %d, session %d", seed, session.getSessionId())
                                    .isNull();
                        }
                    }
                }
                byte[] stored = any.stored("vol-1");
                VolumeState state = new StateCodec().decode(stored);
                assertThat(begun).hasSize((int) state.lastSessionId());
                assertThat(begun.size()).as("seed %d", seed).isPositive();
                Set<Long> live = new HashSet<>(begun.keySet());
                live.removeAll(ended.keySet());
                assertThat(live).as("seed %d", seed).isEqualTo(live(state));
                ended.forEach((id, end) -> {
                    assertThat(end.getBegin()).isEqualTo(begun.get(id).getBegin());
                    assertThat(end.getCause()).isEqualTo(begun.get(id).getCause());
                    assertThat(end.getReplicaId()).isEqualTo(begun.get(id).getReplicaId());
                    assertThat(end.getReason() == null).isEqualTo(end.getOutcome() == SessionOutcome.completed);
                });
            }
        }
    }

    private static Set<Long> live(VolumeState state) {
        Set<Long> live = new HashSet<>();
        for (View view : state.views()) {
            for (ReplicaView replica : view.replicas()) {
                if (replica.session().live()) {
                    live.add(replica.session().id());
                }
            }
        }
        return live;
    }
}
