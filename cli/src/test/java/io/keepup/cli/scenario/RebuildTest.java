package io.keepup.cli.scenario;

import static io.keepup.cli.scenario.VolumeUnderTest.BLOCK;
import static io.keepup.cli.scenario.VolumeUnderTest.waitFor;
import static org.assertj.core.api.Assertions.assertThat;

import io.keepup.cli.BlockClient;
import io.keepup.cli.rig.SessionLog;
import io.keepup.cli.rig.Workload;
import io.keepup.node.NodeCounter;
import io.keepup.node.hosting.HostedStatus.PinStatus;
import io.keepup.node.lane.LaneRecords;
import io.keepup.schemas.topic.Topics;
import io.keepup.v1.BarrierConfirmed;
import io.keepup.v1.BaseChunk;
import io.keepup.v1.BaseEnd;
import io.keepup.v1.CancelSession;
import io.keepup.v1.FailureReason;
import io.keepup.v1.IssueRebuild;
import io.keepup.v1.Mode;
import io.keepup.v1.SessionCompleted;
import io.keepup.v1.SessionFailed;
import io.keepup.v1.SessionKind;
import io.keepup.v1.SessionState;
import io.keepup.v1.SyncAckReceived;
import io.keepup.volume.BaseBlocks;
import io.keepup.volume.WalEntry;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A rebuild that takes its time, and what may and must happen meanwhile. */
@Timeout(120)
class RebuildTest {

    @RegisterExtension
    final VolumeUnderTest volume = new VolumeUnderTest(8 << 20);

    private final String p = volume.node("p");
    private final String r1 = volume.node("r1");
    private final String r2 = volume.node("r2");
    private final String baseLane = Topics.base(volume.id());

    /** One replica in keep-up; the other was away for too long and will need a base that comes slowly. */
    @BeforeEach
    void one_replica_in_keep_up_and_one_below_the_tail() {
        volume.bootstrap(p, r1, r2);
        volume.awaitHealthyAt(volume.fillHalf(p));
        volume.stop(r2);
        volume.burst(p, 50);
        volume.trimAll(p, r1);
        Network.slow(baseLane, Duration.ofMillis(100));
    }

    private SessionLog.Session beginRebuild() {
        volume.start(r2);
        return volume.awaitRunning(r2, SessionKind.rebuild, 0);
    }

    @Test
    void S_V9_the_worst_replica_wins_until_all_have_converged_and_are_proven() {
        // given one replica in sync, one rebuilding
        SessionLog.Session session = beginRebuild();
        assertThat(volume.projection().getMode()).isEqualTo(Mode.needs_rebuild);
        assertThat(volume.replica(r1).getSession().getKind()).isEqualTo(SessionKind.keepup);

        // when writes are proven by the majority that is in sync
        long proven;
        try (BlockClient client = volume.client(p)) {
            proven = client.write(0, new byte[BLOCK], true);
        }
        volume.awaitProjection("the write to be proven", v -> v.getDurableLsn() >= proven);

        // then that does not make the volume healthy
        assertThat(volume.projection().getMode()).isEqualTo(Mode.needs_rebuild);
        assertThat(volume.replica(r2).getSession().getState()).isEqualTo(SessionState.running);

        // only the end of the rebuild does
        Network.fast(baseLane);
        volume.awaitCompleted(r2, SessionKind.rebuild, 0);
        volume.awaitHealthyAt(proven);
        assertThat(volume.seen().projections())
                .filteredOn(v ->
                        v.getReplicas().stream().anyMatch(r -> r.getSession().getSessionId() == session.id()))
                .isNotEmpty()
                .allSatisfy(v -> assertThat(v.getMode()).isEqualTo(Mode.needs_rebuild));
        volume.assertEqualCopies(p, r1, r2);
    }

    @Test
    void S_V5_a_barrier_in_mid_rebuild_proves_nothing_of_the_replica_in_it() {
        beginRebuild();
        long head = volume.status(p).durableLsn();
        volume.putEvent(new BarrierConfirmed(volume.meta(p, 1), head + 1_000));
        volume.awaitProjection("the barrier", v -> v.getDurableLsn() == head + 1_000);
        assertThat(volume.projection().getMode()).isEqualTo(Mode.needs_rebuild);
        volume.awaitProjection(
                "the replica's own word from within the session",
                v -> VolumeUnderTest.replica(v, r2).getLastSyncAck().getSessionActive());
        assertThat(volume.replica(r2).getLastSyncAck().getDurableLsn()).isZero();
        assertThat(volume.projection().getMode()).isEqualTo(Mode.needs_rebuild);

        Network.fast(baseLane);
        volume.awaitCompleted(r2, SessionKind.rebuild, 0);
        volume.awaitHealthy();
        volume.assertEqualCopies(p, r1, r2);
    }

    @Test
    void S_V6_repeated_triggers_leave_one_live_session_per_replica() {
        // given a rebuild under way
        SessionLog.Session session = beginRebuild();
        List<Seen.Entry> commands = volume.seen().all(IssueRebuild.class, c -> c.getSessionId() == session.id());
        assertThat(commands).extracting(e -> new String(e.record().key())).containsExactlyInAnyOrder(p, r2);
        Seen.Entry trigger = volume
                .seen()
                .all(SyncAckReceived.class, e -> e.getReplicaId().equals(r2))
                .stream()
                .filter(e -> e.record().offset() == commands.get(0).causeOffset())
                .findFirst()
                .orElseThrow();

        long replicaExecuted = volume.counter(r2, NodeCounter.COMMANDS_EXECUTED);
        long primaryExecuted = volume.counter(p, NodeCounter.COMMANDS_EXECUTED);

        // when its trigger and its commands come again, and the same facts are told anew
        for (int i = 1; i <= 5; i++) {
            volume.putAgain(trigger.record());
            volume.putEvent(SyncAckReceived.newBuilder((SyncAckReceived) trigger.value())
                    .setMeta(volume.meta(p, 1))
                    .setSyncId(lastSyncId() + 1)
                    .build());
            commands.forEach(command -> volume.putAgain(command.record()));
        }
        volume.settle();
        waitFor("the commands to be executed again").until(() -> {
            return volume.counter(r2, NodeCounter.COMMANDS_EXECUTED) == replicaExecuted + 5
                    && volume.counter(p, NodeCounter.COMMANDS_EXECUTED) == primaryExecuted + 5;
        });

        // then there is still one session, and it has one end
        assertThat(volume.replica(r2).getSession().getSessionId()).isEqualTo(session.id());
        Network.fast(baseLane);
        volume.awaitCompleted(r2, SessionKind.rebuild, 0);
        volume.awaitHealthy();
        assertThat(volume.sessions()).hasSize(1);
        assertThat(volume.counter(r2, NodeCounter.SESSIONS_STARTED)).isOne();
        assertThat(volume.counter(p, NodeCounter.PINS_TAKEN)).isOne();
        assertThat(volume.seen().values(SessionCompleted.class)).hasSize(1);
        assertThat(volume.seen().values(SessionFailed.class)).isEmpty();
        volume.assertEqualCopies(p, r1, r2);
    }

    private long lastSyncId() {
        return volume.seen().values(SyncAckReceived.class, e -> e.getReplicaId().equals(r2)).stream()
                .mapToLong(SyncAckReceived::getSyncId)
                .max()
                .orElseThrow();
    }

    @Test
    void S_R9_the_pin_follows_durable_progress_under_write_load_then_clears() throws Exception {
        try (BlockClient client = volume.client(p);
                Workload workload = volume.workload(client)) {
            // given a rebuild under write load
            workload.begin();
            beginRebuild();

            // when all WAL is trimmed again and again that no pin holds
            List<Long> pins = new ArrayList<>();
            List<Long> tails = new ArrayList<>();
            waitFor("the pin to have moved five times").until(() -> {
                long tail = client.trimWal(Long.MAX_VALUE).path("walTail").asLong();
                PinStatus pin = volume.status(p).pins().get(0);
                assertThat(pin.replicaId()).isEqualTo(r2);
                assertThat(tail).as("WAL tail under pin " + pin).isLessThanOrEqualTo(pin.lsn() + 1);
                pins.add(pin.lsn());
                tails.add(tail);
                return new TreeSet<>(pins).size() > 5;
            });

            // then the floor went where the replica said that it is durable, and only forward
            assertThat(pins).isSorted();
            assertThat(tails).isSorted();
            assertThat(tails.get(tails.size() - 1)).isGreaterThan(tails.get(0));
            waitFor("every pin to be told of").untilAsserted(() -> {
                assertThat(durableInSession())
                        .containsAll(Set.copyOf(pins.subList(pins.lastIndexOf(pins.get(0)) + 1, pins.size())));
            });

            // and it is gone with the session
            Network.fast(baseLane);
            volume.awaitCompleted(r2, SessionKind.rebuild, 0);
            workload.end();
        }
        waitFor("no pin").until(() -> volume.status(p).pins().isEmpty());
        assertThat(volume.counter(p, NodeCounter.PINS_TAKEN)).isOne();
        assertThat(volume.counter(p, NodeCounter.PINS_RELEASED)).isOne();
        long head = volume.status(p).durableLsn();
        volume.awaitHealthyAt(head);
        assertThat(volume.trimAll(p)).isEqualTo(head + 1);
        volume.assertEqualCopies(p, r1, r2);
    }

    /** Every position that the replica in the session gave as durable. */
    private Set<Long> durableInSession() {
        Set<Long> positions = new TreeSet<>();
        volume.seen()
                .values(
                        SyncAckReceived.class,
                        e -> e.getReplicaId().equals(r2) && e.getAck().getSessionActive())
                .forEach(e -> positions.add(e.getAck().getReceivedLsn()));
        return positions;
    }

    @Test
    void S_V7_after_a_failed_session_only_fresh_facts_lead_to_the_next_action() {
        // given a replica that died in mid-rebuild, and nobody who asks it anything
        SessionLog.Session first = beginRebuild();
        volume.stop(r2);
        volume.stop(p);
        Network.fast(baseLane);

        // when it returns
        volume.start(r2);

        // then the failure is said and shown, and nothing follows from it
        volume.awaitReason("transport_lost");
        assertThat(volume.projection().getMode()).isEqualTo(Mode.degraded);
        Seen.Entry failure = volume.seen().all(SessionFailed.class, e -> true).get(0);
        assertThat(((SessionFailed) failure.value()).getSessionId()).isEqualTo(first.id());
        assertThat(((SessionFailed) failure.value()).getReason()).isEqualTo(FailureReason.transport_lost);
        volume.settle();
        assertThat(volume.sessions()).hasSize(1);
        assertThat(volume.status(r2).recoverable()).isFalse();
        assertThat(volume.status(r2).appliedLsn()).isZero();

        // when the primary asks again, these facts lead to a rebuild
        volume.start(p);
        SessionLog.Session second = volume.awaitCompleted(r2, SessionKind.rebuild, 1);
        assertThat(second.id()).isGreaterThan(first.id());
        Seen.Entry command = volume.seen()
                .all(IssueRebuild.class, c -> c.getSessionId() == second.id())
                .get(0);
        assertThat(command.causeOffset()).isGreaterThan(failure.record().offset());
        assertThat(volume.seen().event(command.causeOffset())).isInstanceOfSatisfying(SyncAckReceived.class, fact -> {
            assertThat(fact.getReplicaId()).isEqualTo(r2);
            assertThat(fact.getAck().getRecoverable()).isFalse();
        });
        volume.awaitHealthy();
        assertThat(volume.sessions()).hasSize(2);
        waitFor("no pin").until(() -> volume.status(p).pins().isEmpty());
        volume.assertEqualCopies(p, r1, r2);
    }

    @Test
    void S_R6_stale_ids_on_control_base_and_WAL_lane_are_refused_counted_and_leave_the_session_alone() {
        // given a rebuild under way, its base lane still being sent
        SessionLog.Session session = beginRebuild();
        long staleSessions = volume.counter(r2, NodeCounter.STALE_SESSION);
        long staleEpochs = volume.counter(r2, NodeCounter.STALE_EPOCH);
        IssueRebuild issued = volume.seen().values(IssueRebuild.class).get(0);
        String live = String.valueOf(session.id());
        long next = volume.status(p).durableLsn() + 1;

        // when stale commands come: a session id below the live one, an epoch below the volume's
        volume.put(
                Topics.COMMANDS_SESSION,
                r2,
                IssueRebuild.newBuilder(issued)
                        .setMeta(volume.meta(r2, 1))
                        .setSessionId(session.id() - 1)
                        .build());
        volume.put(
                Topics.COMMANDS_SESSION,
                r2,
                new CancelSession(volume.meta(r2, 1), r2, session.id() - 1, FailureReason.cancelled, 1));
        volume.put(
                Topics.COMMANDS_SESSION,
                r2,
                IssueRebuild.newBuilder(issued)
                        .setMeta(volume.meta(r2, 0))
                        .setSessionId(session.id() + 1)
                        .build());
        volume.put(
                Topics.COMMANDS_SESSION,
                r2,
                new CancelSession(volume.meta(r2, 0), r2, session.id(), FailureReason.cancelled, 1));
        // and stale records on the live session's own base lane, and on the WAL lane
        volume.put(baseLane, live, chunk(session.id() - 1, 1));
        volume.put(baseLane, live, chunk(session.id(), 0));
        volume.put(baseLane, live, new BaseEnd(session.id(), 0L, 0L, 0L, 0L, 0L, 0L));
        volume.put(baseLane, String.valueOf(session.id() - 1), chunk(session.id() - 1, 1));
        WalEntry entry = WalEntry.write(0, next, 0, 1, garbage());
        volume.put(Topics.wal(volume.id()), volume.id(), LaneRecords.batch(volume.id(), p, 0, List.of(entry), 0));

        // then all are refused and counted
        waitFor("the stale ones to be counted").untilAsserted(() -> {
            assertThat(volume.counter(r2, NodeCounter.STALE_SESSION) - staleSessions)
                    .as("command, cancel, two chunks and an end")
                    .isEqualTo(5);
            assertThat(volume.counter(r2, NodeCounter.STALE_EPOCH) - staleEpochs)
                    .as("command, cancel, WAL batch")
                    .isEqualTo(3);
        });

        // and the live session goes on to its own end
        assertThat(volume.replica(r2).getSession().getState()).isEqualTo(SessionState.running);
        assertThat(volume.status(r2).sessionId()).isEqualTo(session.id());
        assertThat(volume.status(r2).sessionActive()).isTrue();
        Network.fast(baseLane);
        volume.awaitCompleted(r2, SessionKind.rebuild, 0);
        long head = volume.burst(p, 20);
        assertThat(head).isEqualTo(next + 19);
        volume.awaitHealthyAt(head);
        assertThat(volume.seen().values(SessionCompleted.class))
                .extracting(SessionCompleted::getSessionId)
                .containsExactly(session.id());
        assertThat(volume.seen().values(SessionFailed.class)).isEmpty();
        volume.assertEqualCopies(p, r1, r2);
    }

    private static BaseChunk chunk(long sessionId, long epoch) {
        return LaneRecords.chunk(BaseBlocks.of(sessionId, epoch, 0, 0, 1, false, garbage()));
    }

    private static ByteBuffer garbage() {
        byte[] block = new byte[BLOCK];
        Arrays.fill(block, (byte) 'x');
        return ByteBuffer.wrap(block);
    }
}
