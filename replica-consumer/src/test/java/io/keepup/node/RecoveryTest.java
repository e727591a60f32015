package io.keepup.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.keepup.node.fixture.LaneContent;
import io.keepup.node.fixture.Nodes;
import io.keepup.node.fixture.PlayedEngine;
import io.keepup.node.fixture.TestCluster;
import io.keepup.node.hosting.HostedVolume;
import io.keepup.node.lane.LaneRecords;
import io.keepup.node.lane.LaneTopics;
import io.keepup.schemas.topic.Topics;
import io.keepup.v1.BaseEnd;
import io.keepup.v1.BaseManifest;
import io.keepup.v1.FailureReason;
import io.keepup.v1.ReadinessObserved;
import io.keepup.v1.SessionCause;
import io.keepup.v1.SessionCompleted;
import io.keepup.v1.SessionFailed;
import io.keepup.v1.SessionKind;
import io.keepup.v1.SessionProgress;
import io.keepup.v1.SyncAckReceived;
import io.keepup.v1.SyncRequest;
import io.keepup.volume.BaseBlocks;
import io.keepup.volume.Volume;
import io.keepup.volume.VolumeRole;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class RecoveryTest {

    private static final long SIZE = 32 << 20;

    @TempDir
    Path directory;

    private final String volumeId = TestCluster.get().name("rec");
    private final String p = TestCluster.get().name("vs-p");
    private final String r = TestCluster.get().name("vs-r");
    private PlayedEngine engine;
    private Nodes nodes;
    private HostedVolume primary;

    @BeforeEach
    void start() {
        engine = new PlayedEngine(volumeId);
        // Small chunks make a base last longer than a few writes.
        nodes = new Nodes(directory).with("node.base.chunk.bytes", "16384");
        nodes.start(p);
        nodes.start(r);
        engine.makePrimary(p, 1, SIZE, r);
        engine.makeReplica(r, 1, SIZE);
        engine.await1(ReadinessObserved.class, e -> Boolean.TRUE.equals(e.getShipperConnected()));
        engine.await1(ReadinessObserved.class, e -> Boolean.TRUE.equals(e.getReceiverReady()));
        primary = nodes.volume(p, volumeId);
        nodes.awaitApplied(r, volumeId, Nodes.writeRandom(primary, new Random(1), 300));
        engine.ack(r, e -> e.getAck().getAppliedLsn() == 300);
    }

    @AfterEach
    void stop() {
        nodes.close();
        engine.close();
    }

    /** The replica comes back having missed writes; gives the facts it is then seen with. */
    private SyncAckReceived returnBehind(int missedWrites) {
        if (nodes.get(r) != null) {
            nodes.stop(r);
        }
        long head = Nodes.writeRandom(primary, new Random(2), missedWrites);
        await().atMost(PlayedEngine.LIMIT).until(() -> primary.status().shippedLsn() == head);
        nodes.start(r);
        return engine.ack(
                r,
                e -> e.getPrimaryWalHead() == head
                        && e.getAck().getAckKind() == io.keepup.v1.AckKind.quorum
                        && e.getAck().getAppliedLsn() < head);
    }

    private void assertEqualCopies() {
        HostedVolume replica = nodes.volume(r, volumeId);
        nodes.awaitApplied(r, volumeId, primary.status().durableLsn());
        assertThat(replica.digest()).isEqualTo(primary.digest());
    }

    @Test
    void a_replica_that_missed_writes_holds_still_until_a_catch_up_is_issued_and_then_follows_again() {
        SyncAckReceived facts = returnBehind(400);
        assertThat(facts.getAck().getAppliedLsn()).isEqualTo(300);
        // What comes now does not follow the replica's last entry: it must not be applied.
        Nodes.writeRandom(primary, new Random(3), 10);
        await().atMost(PlayedEngine.LIMIT).until(() -> nodes.get(r).metrics().get(NodeCounter.WAL_GAPS) > 0);
        assertThat(nodes.volume(r, volumeId).status().appliedLsn()).isEqualTo(300);

        engine.catchUp(r, p, 1, 7, facts);
        SessionCompleted done = engine.completed(7);
        assertThat(done.getKind()).isEqualTo(SessionKind.catchup);
        assertThat(done.getAchievedLsn()).isGreaterThanOrEqualTo(700);
        assertThat(done.getDurableLsn()).isEqualTo(done.getAchievedLsn());
        assertThat(done.getWalBytes()).isGreaterThanOrEqualTo(400 * 4096L);
        assertThat(done.getMeta().getNodeId()).isEqualTo(p);

        Nodes.writeRandom(primary, new Random(4), 50);
        assertEqualCopies();
        await().atMost(PlayedEngine.LIMIT).until(() -> primary.status().pins().isEmpty());
        assertThat(nodes.get(p).metrics().get(NodeCounter.PINS_RELEASED)).isEqualTo(1);
        assertThat(engine.events(SessionFailed.class)).isEmpty();
    }

    @Test
    void a_replica_below_the_tail_is_rebuilt_over_both_lanes_while_writes_go_on() throws Exception {
        nodes.stop(r);
        long head = Nodes.writeRandom(primary, new Random(2), 2_000);
        await().atMost(PlayedEngine.LIMIT).until(() -> primary.status().shippedLsn() == head);
        assertThat(primary.trimWal(head)).isEqualTo(head + 1);
        nodes.start(r);
        SyncAckReceived facts =
                engine.ack(r, e -> e.getPrimaryWalTail() > 301 && e.getAck().getAppliedLsn() == 300);

        AtomicBoolean writing = new AtomicBoolean(true);
        AtomicLong written = new AtomicLong();
        Thread writer = Thread.ofPlatform().start(() -> {
            Random random = new Random(5);
            while (writing.get()) {
                // At the end of the volume, where the base arrives last: most often behind the WAL, which then wins
                // [R1].
                written.set(Nodes.writeRandom(primary, random, 20, SIZE / Nodes.BLOCK - 500));
            }
        });
        await().until(() -> written.get() > head);
        engine.rebuild(r, p, 1, 8, facts.getPrimaryWalHead(), SessionCause.behind_wal_tail);
        SessionCompleted done = engine.completed(8);
        writing.set(false);
        writer.join();

        assertThat(done.getBaseComplete()).isTrue();
        assertThat(done.getBaseBytes()).isPositive();
        assertThat(done.getWalBytes()).isPositive();
        assertThat(done.getAchievedLsn()).isGreaterThanOrEqualTo(facts.getPrimaryWalHead());
        assertThat(engine.events(SessionProgress.class)).isNotEmpty();
        assertEqualCopies();
        await().atMost(PlayedEngine.LIMIT).until(() -> primary.status().pins().isEmpty());
    }

    @Test
    void S_R6_stale_sessions_and_epochs_are_refused_counted_and_leave_the_live_session_alone() {
        SyncAckReceived facts = returnBehind(200);
        engine.catchUp(r, p, 1, 20, facts);
        engine.completed(20);
        long staleSessions = nodes.get(r).metrics().get(NodeCounter.STALE_SESSION);
        long staleEpochs = nodes.get(r).metrics().get(NodeCounter.STALE_EPOCH);

        engine.rebuildTo(r, r, 1, 19, 500, SessionCause.operator_request); // a lower id
        engine.rebuildTo(r, r, 0, 30, 500, SessionCause.operator_request); // a lower epoch
        engine.cancel(r, r, 1, 19, FailureReason.cancelled);
        engine.makeReplica(r, 0, SIZE);
        engine.catchUp(r, p, 1, 20, facts); // the same again

        await().atMost(PlayedEngine.LIMIT).untilAsserted(() -> {
            assertThat(nodes.get(r).metrics().get(NodeCounter.STALE_SESSION)).isEqualTo(staleSessions + 2);
            assertThat(nodes.get(r).metrics().get(NodeCounter.STALE_EPOCH)).isEqualTo(staleEpochs + 3);
        });
        Nodes.writeRandom(primary, new Random(6), 20);
        assertEqualCopies();
        assertThat(engine.events(SessionCompleted.class)).hasSize(1);
        assertThat(engine.events(SessionFailed.class)).isEmpty();
        assertThat(nodes.get(p).metrics().get(NodeCounter.PINS_TAKEN)).isEqualTo(1);
    }

    @Test
    void a_poison_command_is_skipped_and_the_next_one_is_executed() {
        engine.raw(Topics.COMMANDS_SESSION, r, new byte[] {1, 2, 3});
        engine.raw(Topics.COMMANDS_SESSION, r, new byte[] {0, 0, 0, 0, 99, 1});
        SyncAckReceived facts = returnBehind(50);
        engine.catchUp(r, p, 1, 3, facts);
        engine.completed(3);
        assertEqualCopies();
    }

    @Test
    void R4_a_higher_session_supersedes_the_running_one() {
        SyncAckReceived facts = returnBehind(100);
        // No primary serves it: it would wait for its base for ever.
        engine.rebuildTo(r, r, 1, 5, facts.getPrimaryWalHead(), SessionCause.operator_request);
        engine.await1(SessionProgress.class, e -> e.getSessionId() == 5);
        engine.catchUp(r, p, 1, 6, facts);
        assertThat(engine.failed(5).getReason()).isEqualTo(FailureReason.superseded);
        engine.completed(6);
        assertEqualCopies();
    }

    @Test
    void a_cancelled_session_fails_with_the_reason_given_and_frees_its_pin() {
        SyncAckReceived facts = returnBehind(100);
        engine.rebuildTo(r, r, 1, 5, facts.getPrimaryWalHead(), SessionCause.operator_request);
        engine.await1(SessionProgress.class, e -> e.getSessionId() == 5);
        engine.cancel(r, r, 1, 5, FailureReason.cancelled);
        assertThat(engine.failed(5).getReason()).isEqualTo(FailureReason.cancelled);
        // Nothing had been touched: the position is what it was.
        SyncAckReceived after = engine.ack(
                r,
                e -> Long.valueOf(5).equals(e.getAck().getSessionId())
                        && !e.getAck().getSessionActive());
        assertThat(after.getAck().getAppliedLsn()).isEqualTo(300);
        assertThat(after.getAck().getRecoverable()).isTrue();
    }

    @Test
    void a_session_whose_cancel_came_first_never_begins_and_frees_its_pin_and_the_next_one_runs() {
        SyncAckReceived facts = returnBehind(100);
        engine.cancel(r, r, 1, 5, FailureReason.cancelled);
        engine.rebuild(r, p, 1, 5, facts.getPrimaryWalHead(), SessionCause.operator_request);
        engine.ack(
                r,
                e -> Long.valueOf(5).equals(e.getAck().getSessionId())
                        && !e.getAck().getSessionActive());
        await().atMost(PlayedEngine.LIMIT)
                .until(() -> nodes.get(p).metrics().get(NodeCounter.PINS_TAKEN) == 1
                        && primary.status().pins().isEmpty());

        engine.catchUp(r, p, 1, 6, facts);
        engine.completed(6);
        assertEqualCopies();
        assertThat(engine.events(SessionProgress.class)).noneMatch(e -> e.getSessionId() == 5);
    }

    @Test
    void R9_a_node_stopped_in_mid_rebuild_reports_the_session_lost_and_itself_empty() {
        SyncAckReceived facts = returnBehind(200);
        long target = facts.getPrimaryWalHead();
        // Only the replica is told; the test serves the beginning of a base, and never its end.
        engine.base(11, new BaseManifest(volumeId, 11L, 1L, target, 4096, SIZE / 4096, 1L));
        engine.base(11, LaneRecords.chunk(BaseBlocks.of(11, 1, 0, 0, 16, false, null)));
        engine.rebuildTo(r, r, 1, 11, target, SessionCause.behind_wal_tail);
        engine.await1(
                SessionProgress.class,
                e -> e.getSessionId() == 11
                        && !nodes.volume(r, volumeId).status().recoverable());
        SyncAckReceived during =
                engine.ack(r, e -> e.getAck().getSessionActive() && !e.getAck().getRecoverable());
        assertThat(during.getAck().getAppliedLsn()).isZero();
        nodes.stop(r);
        assertThat(engine.events(SessionFailed.class)).isEmpty();

        nodes.start(r);
        assertThat(engine.failed(11).getReason()).isEqualTo(FailureReason.transport_lost);
        SyncAckReceived after =
                engine.ack(r, e -> !e.getAck().getRecoverable() && !e.getAck().getSessionActive());
        assertThat(after.getAck().getAppliedLsn()).isZero();
        assertThat(after.getAck().getDurableLsn()).isZero();

        engine.rebuild(r, p, 1, 12, target, SessionCause.rebuild_unfinished);
        engine.completed(12);
        assertEqualCopies();
        await().atMost(PlayedEngine.LIMIT).until(() -> primary.status().pins().isEmpty());
    }

    @Test
    void A8_a_copy_made_by_a_base_alone_knows_the_epoch_of_its_last_entry() {
        SyncAckReceived facts = returnBehind(100);
        long target = facts.getPrimaryWalHead();
        // first a base that begins as one of another epoch than it ends as
        engine.base(13, new BaseManifest(volumeId, 13L, 1L, target, 4096, SIZE / 4096, 9L));
        engine.base(13, LaneRecords.chunk(BaseBlocks.of(13, 1, 0, 0, (int) (SIZE / 4096), true, null)));
        engine.base(13, new BaseEnd(13L, 1L, 1L, 0L, target, target, 1L));
        engine.rebuildTo(r, r, 1, 13, target, SessionCause.operator_request);
        assertThat(engine.failed(13).getReason())
                .as("whichever lane tells first")
                .isIn(FailureReason.snapshot_unavailable, FailureReason.epoch_mismatch);

        engine.rebuild(r, p, 1, 14, target, SessionCause.rebuild_unfinished);
        assertThat(engine.completed(14).getAchievedLsn()).isEqualTo(target);

        assertThat(nodes.volume(r, volumeId).status().appliedEpoch()).isEqualTo(1);
        assertEqualCopies();
    }

    @Test
    void S_R5_a_base_that_the_primary_gives_up_ends_the_session_at_once() {
        SyncAckReceived facts = returnBehind(100);
        long target = facts.getPrimaryWalHead();
        engine.base(13, new BaseManifest(volumeId, 13L, 1L, target, 4096, SIZE / 4096, 1L));
        engine.rebuildTo(r, r, 1, 13, target, SessionCause.operator_request);
        await().atMost(PlayedEngine.LIMIT)
                .until(() -> !nodes.volume(r, volumeId).status().recoverable());
        // The primary gives up; so does the replica, long before its stall limit.
        engine.base(13, new BaseEnd(13L, 1L, 0L, 0L, 0L, 0L, 0L));
        assertThat(engine.failed(13).getReason()).isEqualTo(FailureReason.snapshot_unavailable);
        engine.rebuild(r, p, 1, 14, target, SessionCause.rebuild_unfinished);
        engine.completed(14);
        assertEqualCopies();
    }

    @Test
    void a_session_whose_end_cannot_be_noted_still_ends_once_and_hands_the_lane_over() throws Exception {
        SyncAckReceived facts = returnBehind(100);
        engine.rebuildTo(r, r, 1, 5, facts.getPrimaryWalHead(), SessionCause.operator_request);
        engine.await1(SessionProgress.class, e -> e.getSessionId() == 5);
        nodes.forbidNote(r, volumeId);
        engine.rebuildTo(p, r, 1, 5, facts.getPrimaryWalHead(), SessionCause.operator_request);
        engine.completed(5);

        Nodes.writeRandom(primary, new Random(8), 20);
        assertEqualCopies();
        await().atMost(PlayedEngine.LIMIT).until(() -> primary.status().pins().isEmpty());
        assertThat(engine.events(SessionFailed.class)).isEmpty();
        nodes.allowNote(r, volumeId);
    }

    @Test
    void a_session_command_that_meets_a_full_disk_is_executed_when_there_is_room_and_blocks_no_other_volume()
            throws Exception {
        SyncAckReceived facts = returnBehind(100);
        String other = TestCluster.get().name("other");
        try (PlayedEngine beside = new PlayedEngine(other)) {
            nodes.forbidNote(r, volumeId);
            engine.catchUp(r, p, 1, 9, facts);
            await().atMost(PlayedEngine.LIMIT)
                    .until(() -> nodes.get(r).metrics().get(NodeCounter.COMMANDS_FAILED) > 0);
            beside.makeReplica(r, 1, 1 << 20);
            beside.await1(ReadinessObserved.class, e -> Boolean.TRUE.equals(e.getReceiverReady()));
            assertThat(engine.events(SessionCompleted.class)).isEmpty();
        }
        nodes.allowNote(r, volumeId);
        engine.completed(9);
        assertEqualCopies();
    }

    @Test
    void a_command_that_waits_for_its_disk_outlives_the_process() throws Exception {
        SyncAckReceived facts = returnBehind(100);
        nodes.forbidNote(r, volumeId);
        engine.catchUp(r, p, 1, 9, facts);
        await().atMost(PlayedEngine.LIMIT).until(() -> nodes.get(r).metrics().get(NodeCounter.COMMANDS_FAILED) > 0);
        nodes.stop(r);
        nodes.allowNote(r, volumeId);
        nodes.start(r);
        engine.completed(9);
        assertEqualCopies();
    }

    @Test
    void a_node_that_crashed_between_volume_and_note_goes_on_in_the_volumes_epoch_once_it_can() throws Exception {
        nodes.stop(r);
        try (Volume volume = Volume.open(directory.resolve(r).resolve("volumes").resolve(volumeId))) {
            volume.assume(2, VolumeRole.REPLICA);
        }
        nodes.forbidNote(r, volumeId);
        nodes.start(r);
        await().atMost(PlayedEngine.LIMIT).until(() -> nodes.get(r).metrics().get(NodeCounter.VOLUME_ERRORS) > 0);
        nodes.allowNote(r, volumeId);
        engine.await1(
                ReadinessObserved.class, e -> e.getMeta().getEpoch() == 2 && Boolean.TRUE.equals(e.getReceiverReady()));
        // The sessions of this epoch are told to whoever asks in this epoch.
        engine.raw(
                Topics.SYNC_REQUESTS,
                r,
                TestCluster.get()
                        .codec()
                        .encode(
                                Topics.SYNC_REQUESTS,
                                new SyncRequest(engine.meta(r, 2), "vs-new", 1L, 1L, Instant.EPOCH, 0L)));
        await().atMost(PlayedEngine.LIMIT)
                .until(() -> nodes.volume(r, volumeId).primaryId().equals("vs-new"));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 5})
    void batches_that_came_late_and_in_order_mislead_no_catch_up(int writtenLater) {
        // given batches of one entry each, the last of which the replica missed, and those before it once more behind
        // it
        for (int i = 0; i < 3; i++) {
            long lsn = Nodes.writeRandom(primary, new Random(i), 1);
            await().atMost(PlayedEngine.LIMIT).until(() -> primary.status().shippedLsn() == lsn);
            if (i == 1) {
                nodes.awaitApplied(r, volumeId, lsn);
                nodes.stop(r);
            }
        }
        List<SpecificRecord> lane = LaneContent.of(Topics.wal(volumeId));
        for (SpecificRecord again : lane.subList(lane.size() - 3, lane.size() - 1)) {
            engine.raw(Topics.wal(volumeId), volumeId, TestCluster.get().codec().encode(Topics.wal(volumeId), again));
        }
        long head = writtenLater == 0
                ? primary.status().appliedLsn()
                : Nodes.writeRandom(primary, new Random(9), writtenLater);
        await().atMost(PlayedEngine.LIMIT).until(() -> primary.status().shippedLsn() == head);
        nodes.start(r);
        SyncAckReceived facts = engine.ack(
                r, e -> e.getPrimaryWalHead() == head && e.getAck().getAckKind() == io.keepup.v1.AckKind.quorum);

        engine.catchUp(r, p, 1, 7, facts);

        assertThat(engine.completed(7).getAchievedLsn()).isEqualTo(head);
        assertThat(engine.events(SessionFailed.class)).isEmpty();
        assertEqualCopies();
    }

    @Test
    void a_batch_that_a_dying_primary_put_on_the_lane_twice_is_taken_once_by_a_catch_up() {
        nodes.stop(r);
        for (int i = 0; i < 2; i++) {
            long lsn = Nodes.writeRandom(primary, new Random(2), 1);
            await().atMost(PlayedEngine.LIMIT).until(() -> primary.status().shippedLsn() == lsn);
        }
        List<SpecificRecord> lane = LaneContent.of(Topics.wal(volumeId));
        engine.raw(
                Topics.wal(volumeId),
                volumeId,
                TestCluster.get().codec().encode(Topics.wal(volumeId), lane.get(lane.size() - 1)));
        SyncAckReceived facts = returnBehind(50);
        engine.catchUp(r, p, 1, 7, facts);
        assertThat(engine.completed(7).getAchievedLsn()).isEqualTo(352);
        assertEqualCopies();
        assertThat(engine.events(SessionFailed.class)).isEmpty();
    }

    @Test
    void N4_WAL_that_retention_took_from_the_lane_is_missed_once_and_seen_by_the_next_decision() throws Exception {
        SyncAckReceived facts = returnBehind(100);
        TopicPartition lane = LaneTopics.wal(volumeId);
        try (Admin admin =
                Admin.create(Map.of("bootstrap.servers", TestCluster.get().bootstrap()))) {
            admin.deleteRecords(Map.of(lane, RecordsToDelete.beforeOffset(-1)))
                    .all()
                    .get();
        }
        engine.catchUp(r, p, 1, 7, facts);
        SyncAckReceived fresh = engine.ack(r, e -> e.getPrimaryWalTail() == 401);
        assertThat(fresh.getAck().getAppliedLsn()).isEqualTo(300);
        engine.rebuild(r, p, 1, 8, 400, SessionCause.behind_wal_tail);
        engine.completed(8);
        Nodes.writeRandom(primary, new Random(9), 5);
        assertEqualCopies();
    }

    @Test
    void who_waits_for_a_barrier_does_not_make_its_primary_ask_a_replica_that_holds_still_without_pause() {
        SyncAckReceived facts = returnBehind(50);
        Nodes.writeRandom(primary, new Random(3), 1);
        long asked = nodes.get(p).metrics().get(NodeCounter.SYNCS_ASKED);
        assertThat(primary.awaitBarrier(facts.getPrimaryWalHead(), Duration.ofSeconds(1)))
                .isFalse();
        // Ten rounds of 100 ms, and the one that was asked for.
        assertThat(nodes.get(p).metrics().get(NodeCounter.SYNCS_ASKED) - asked).isLessThan(20);
    }
}
