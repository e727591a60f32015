package io.keepup.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.keepup.node.fixture.LaneContent;
import io.keepup.node.fixture.Nodes;
import io.keepup.node.fixture.PlayedEngine;
import io.keepup.node.fixture.TestCluster;
import io.keepup.node.hosting.HostedStatus.PinStatus;
import io.keepup.node.hosting.HostedVolume;
import io.keepup.node.hosting.NotServedException;
import io.keepup.schemas.topic.Topics;
import io.keepup.v1.BaseEnd;
import io.keepup.v1.BaseManifest;
import io.keepup.v1.ConfigureShipper;
import io.keepup.v1.DecisionFacts;
import io.keepup.v1.FailureReason;
import io.keepup.v1.IssueCatchUp;
import io.keepup.v1.ReadinessObserved;
import io.keepup.v1.ReplicaEndpoint;
import io.keepup.v1.SessionCause;
import io.keepup.v1.SessionFailed;
import io.keepup.v1.SyncAckReceived;
import io.keepup.v1.WalBatch;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.LongStream;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class PrimaryLifeTest {

    private static final long SIZE = 16 << 20;

    @TempDir
    Path directory;

    private final String volumeId = TestCluster.get().name("prim");
    private final String a = TestCluster.get().name("vs-a");
    private final String b = TestCluster.get().name("vs-b");
    private PlayedEngine engine;
    private Nodes nodes;

    @BeforeEach
    void start() {
        engine = new PlayedEngine(volumeId);
        nodes = new Nodes(directory).with("node.wal.batch.bytes", "40000");
        nodes.start(a);
        nodes.start(b);
        engine.makePrimary(a, 1, SIZE, b);
        engine.makeReplica(b, 1, SIZE);
        awaitConnected(a, 1);
        engine.await1(ReadinessObserved.class, e -> Boolean.TRUE.equals(e.getReceiverReady()));
    }

    @AfterEach
    void stop() {
        nodes.close();
        engine.close();
    }

    private void awaitConnected(String nodeId, long epoch) {
        engine.await1(
                ReadinessObserved.class,
                e -> Boolean.TRUE.equals(e.getShipperConnected())
                        && e.getMeta().getNodeId().equals(nodeId)
                        && e.getMeta().getEpoch() == epoch);
    }

    private void awaitShipped(HostedVolume volume, long lsn) {
        await().atMost(PlayedEngine.LIMIT).until(() -> volume.status().shippedLsn() == lsn);
    }

    private static List<Long> upTo(long from, long to) {
        return LongStream.rangeClosed(from, to).boxed().toList();
    }

    @Test
    void replicas_named_earlier_in_the_epoch_do_not_come_back_with_a_late_duplicate_of_their_command() {
        ConfigureShipper earlier = configure(TestCluster.get().name("vs-c"));
        for (ConfigureShipper command : List.of(earlier, configure(b), earlier)) {
            int answered = shipperEvents();
            engine.send(a, command);
            await().atMost(PlayedEngine.LIMIT).until(() -> shipperEvents() > answered);
        }
        long head = Nodes.writeRandom(nodes.volume(a, volumeId), new Random(1), 10);
        engine.ack(b, e -> e.getAck().getAppliedLsn() == head);

        nodes.stop(a);
        nodes.start(a);
        long next = Nodes.writeRandom(nodes.volume(a, volumeId), new Random(2), 10);
        engine.ack(b, e -> e.getAck().getAppliedLsn() == next);
    }

    private ConfigureShipper configure(String replica) {
        return new ConfigureShipper(engine.meta(a, 1), List.of(new ReplicaEndpoint(replica, "127.0.0.1:1", "")), 1);
    }

    private int shipperEvents() {
        return engine.events(ReadinessObserved.class).stream()
                .filter(e -> Boolean.TRUE.equals(e.getShipperConnected()))
                .toList()
                .size();
    }

    @Test
    void a_restarted_primary_goes_on_shipping_without_gap_or_duplicate() {
        HostedVolume primary = nodes.volume(a, volumeId);
        long first = Nodes.writeRandom(primary, new Random(1), 100);
        awaitShipped(primary, first);
        nodes.stop(a);
        nodes.start(a);
        primary = nodes.volume(a, volumeId);
        long last = Nodes.writeRandom(primary, new Random(2), 100);
        awaitShipped(primary, last);
        nodes.awaitApplied(b, volumeId, last);

        assertThat(LaneContent.lsns(volumeId, 1)).isEqualTo(upTo(1, last));
        assertThat(nodes.volume(b, volumeId).digest()).isEqualTo(primary.digest());
        assertThat(primary.status().laneTail()).isEqualTo(1);
    }

    @Test
    void what_was_durable_but_not_shipped_before_a_restart_is_shipped_after_it() {
        HostedVolume primary = nodes.volume(a, volumeId);
        long head = Nodes.writeRandom(primary, new Random(1), 2_000);
        nodes.stop(a); // in the middle of shipping
        nodes.start(a);
        primary = nodes.volume(a, volumeId);
        awaitShipped(primary, head);
        assertThat(LaneContent.lsns(volumeId, 1)).isEqualTo(upTo(1, head));
    }

    @Test
    void a_new_epoch_makes_the_lane_hold_the_new_primarys_history_and_nothing_else() {
        HostedVolume old = nodes.volume(a, volumeId);
        long head = Nodes.writeRandom(old, new Random(1), 100);
        nodes.awaitApplied(b, volumeId, head);

        engine.makePrimary(b, 2, SIZE, a);
        engine.makeReplica(a, 2, SIZE);
        awaitConnected(b, 2);
        HostedVolume promoted = nodes.volume(b, volumeId);
        long last = Nodes.writeRandom(promoted, new Random(2), 50);
        awaitShipped(promoted, last);

        assertThat(LaneContent.lsns(volumeId, 2)).isEqualTo(upTo(1, last));
        assertThat(LaneContent.lsns(volumeId, 1)).isEmpty();
        SyncAckReceived facts = engine.ack(
                a, e -> e.getMeta().getEpoch() == 2 && e.getAck().getAckKind() == io.keepup.v1.AckKind.quorum);
        if (facts.getAck().getAppliedLsn() < last) {
            engine.catchUp(a, b, 2, 1, engine.ack(a, e -> e.getPrimaryWalHead() == last));
        }
        nodes.awaitApplied(a, volumeId, last);
        assertThat(nodes.volume(a, volumeId).digest()).isEqualTo(promoted.digest());
    }

    @Test
    void a_primary_that_finds_a_higher_epoch_on_the_lane_ships_nothing() {
        HostedVolume old = nodes.volume(a, volumeId);
        long head = Nodes.writeRandom(old, new Random(1), 100);
        nodes.awaitApplied(b, volumeId, head);
        nodes.stop(a);
        engine.makePrimary(b, 2, SIZE, a);
        awaitConnected(b, 2);
        awaitShipped(nodes.volume(b, volumeId), head);

        nodes.start(a); // has not heard of epoch 2
        await().atMost(PlayedEngine.LIMIT).until(() -> nodes.get(a).metrics().get(NodeCounter.STALE_EPOCH) > 0);
        Nodes.writeRandom(nodes.volume(a, volumeId), new Random(3), 10);
        long last = Nodes.writeRandom(nodes.volume(b, volumeId), new Random(4), 10);
        awaitShipped(nodes.volume(b, volumeId), last);
        assertThat(LaneContent.lsns(volumeId, 1)).isEmpty();
        assertThat(LaneContent.lsns(volumeId, 2)).isEqualTo(upTo(1, last));
    }

    @Test
    void A6_a_higher_epoch_is_found_on_the_lane_also_below_what_a_replaced_primary_sent_last() {
        HostedVolume old = nodes.volume(a, volumeId);
        long head = Nodes.writeRandom(old, new Random(1), 10);
        awaitShipped(old, head);
        nodes.awaitApplied(b, volumeId, head);
        nodes.stop(a);
        nodes.stop(b);
        WalBatch last = (WalBatch) LaneContent.of(Topics.wal(volumeId)).getLast();
        shipped("vs-successor", 3, last);
        shipped(a, 1, last); // it does not know yet that it was replaced

        engine.makePrimary(b, 2, SIZE, a);
        nodes.start(b); // has not heard of epoch 3
        await().atMost(PlayedEngine.LIMIT).until(() -> nodes.get(b).metrics().get(NodeCounter.STALE_EPOCH) > 0);

        assertThat(nodes.volume(b, volumeId).status().laneTail())
                .as("not connected")
                .isZero();
        assertThat(LaneContent.lsns(volumeId, 3)).isNotEmpty();
        assertThat(LaneContent.lsns(volumeId, 2)).isEmpty();
    }

    /** Puts a batch on the lane as another primary's. */
    private void shipped(String primaryId, long epoch, WalBatch batch) {
        WalBatch other = WalBatch.newBuilder(batch)
                .setPrimaryId(primaryId)
                .setEpoch(epoch)
                .build();
        engine.raw(Topics.wal(volumeId), volumeId, TestCluster.get().codec().encode(Topics.wal(volumeId), other));
    }

    @Test
    void a_replaced_primary_that_does_not_know_it_deletes_nothing_of_its_successor() {
        HostedVolume primary = nodes.volume(a, volumeId);
        long first = Nodes.writeRandom(primary, new Random(1), 10);
        awaitShipped(primary, first);
        shipped("vs-successor", 2, (WalBatch)
                LaneContent.of(Topics.wal(volumeId)).get(0));
        long head = Nodes.writeRandom(primary, new Random(2), 10);
        awaitShipped(primary, head);

        assertThat(primary.trimWal(first)).as("before it").isEqualTo(first + 1);
        assertThatThrownBy(() -> primary.trimWal(head))
                .isInstanceOf(NotServedException.class)
                .hasMessageContaining("holds epoch 2 of vs-successor");

        assertThat(LaneContent.lsns(volumeId, 1)).isEqualTo(upTo(first + 1, head));
        assertThat(LaneContent.lsns(volumeId, 2)).isNotEmpty();
    }

    @Test
    void a_trim_stops_at_the_pin_and_goes_on_when_it_is_released() {
        nodes.stop(b);
        HostedVolume primary = nodes.volume(a, volumeId);
        long head = Nodes.writeRandom(primary, new Random(1), 500);
        awaitShipped(primary, head);
        // The session's replica is away: only CancelSession can free the pin.
        pin(1, 100, head);
        await().atMost(PlayedEngine.LIMIT).until(() -> primary.status().pins().size() == 1);

        long tail = primary.trimWal(head);
        assertThat(tail).isBetween(2L, 101L);
        assertThat(LaneContent.lsns(volumeId, 1)).isEqualTo(upTo(tail, head));

        nodes.stop(a); // pins outlive the process
        nodes.start(a);
        HostedVolume again = nodes.volume(a, volumeId);
        awaitShipped(again, head);
        assertThat(again.status().pins()).hasSize(1);
        assertThat(again.trimWal(head)).isBetween(2L, 101L);

        engine.cancel(a, b, 1, 1, FailureReason.deadline_exceeded);
        await().atMost(PlayedEngine.LIMIT).until(() -> again.status().pins().isEmpty());
        assertThat(again.trimWal(head)).isEqualTo(head + 1);
        assertThat(LaneContent.lsns(volumeId, 1)).isEmpty();
    }

    @Test
    void the_lane_is_trimmed_by_itself_when_it_holds_more_than_the_retention() {
        nodes.stop(a);
        nodes.with("node.wal.retain.bytes", "1000000").start(a);
        HostedVolume primary = nodes.volume(a, volumeId);
        awaitConnected(a, 1);
        Nodes.writeRandom(primary, new Random(1), 300);
        Random random = new Random(2);
        await().atMost(PlayedEngine.LIMIT).until(() -> {
            Nodes.writeRandom(primary, random, 5);
            return primary.status().laneTail() > 1;
        });
        assertThat(primary.status().laneTail()).isLessThan(primary.status().shippedLsn());
    }

    @Test
    void N4_the_hard_limit_breaks_the_pin_in_its_way_says_so_once_and_leaves_the_others() {
        // given a session that holds the WAL from LSN 10 on, and another from the head on
        String c = TestCluster.get().name("vs-c");
        nodes.stop(b);
        HostedVolume primary = restarted("500000", "2000000");
        engine.makePrimary(a, 1, SIZE, b, c);
        long head = Nodes.writeRandom(primary, new Random(1), 100);
        awaitShipped(primary, head);
        pin(1, 10, head);
        engine.rebuildTo(a, c, 1, 2, head, SessionCause.behind_wal_tail);
        await().atMost(PlayedEngine.LIMIT).until(() -> primary.status().pins().size() == 2);

        // when writes go on past the limit
        Random random = new Random(2);
        Set<Boolean> slowed = new HashSet<>();
        await().atMost(PlayedEngine.LIMIT).until(() -> {
            long tail = primary.status().laneTail();
            if (primary.status().pins().size() == 2) {
                assertThat(tail).as("tail under the pin").isLessThanOrEqualTo(11);
                Nodes.writeRandom(primary, random, 5);
                slowed.add(primary.pressure().isPositive());
            }
            return tail > 11;
        });

        // then writers were slowed, and then one session has failed, and what the other holds is still there
        assertThat(slowed).containsExactlyInAnyOrder(false, true);
        SessionFailed failed = engine.failed(1);
        assertThat(failed.getReason()).isEqualTo(FailureReason.pin_lost);
        assertThat(failed.getReplicaId()).isEqualTo(b);
        assertThat(failed.getMeta().getNodeId()).isEqualTo(a);
        assertThat(failed.getMeta().getSource()).isEqualTo("node/" + a);
        assertThat(primary.status().pins()).extracting(PinStatus::sessionId).containsExactly(2L);
        assertThat(primary.status().laneTail()).isLessThanOrEqualTo(head + 1);

        // when they go on, the other gives way too, and its base is no longer served
        await().atMost(PlayedEngine.LIMIT).until(() -> {
            Nodes.writeRandom(primary, random, 5);
            return primary.status().pins().isEmpty();
        });
        assertThat(engine.failed(2).getReason()).isEqualTo(FailureReason.pin_lost);
        await().atMost(PlayedEngine.LIMIT)
                .until(() -> LaneContent.of(Topics.base(volumeId)).isEmpty());
        await().atMost(PlayedEngine.LIMIT).until(() -> primary.status().laneTail() > head + 1);

        // and the next sync tells the new tail; nothing was said or released twice
        long tail = primary.status().laneTail();
        engine.await1(SyncAckReceived.class, e -> e.getPrimaryWalTail() >= tail);
        assertThat(engine.events(SessionFailed.class)).hasSize(2);
        assertThat(nodes.get(a).metrics().get(NodeCounter.PINS_BROKEN)).isEqualTo(2);
        assertThat(nodes.get(a).metrics().get(NodeCounter.PINS_RELEASED)).isEqualTo(2);
        assertThat(primary.pressure()).isZero();
    }

    @Test
    void N4_after_a_restart_the_lane_is_not_taken_for_larger_than_it_is() {
        // given many small batches and then a large one, below the limit altogether
        nodes.stop(b);
        HostedVolume primary = restarted("500000", "2000000");
        pin(1, 1, 1);
        await().atMost(PlayedEngine.LIMIT).until(() -> primary.status().pins().size() == 1);
        for (int i = 0; i < 20; i++) {
            awaitShipped(primary, Nodes.writeRandom(primary, new Random(i), 1));
        }
        long head = primary.write(0, ByteBuffer.allocate(256 * Nodes.BLOCK));
        primary.awaitDurable(head);
        awaitShipped(primary, head);

        // when the primary is restarted and has looked at its lane
        HostedVolume again = restarted("500000", "2000000");
        await().atMost(PlayedEngine.LIMIT).until(() -> again.status().shippedLsn() == head);
        await().atMost(PlayedEngine.LIMIT).until(() -> nodes.get(a).metrics().get(NodeCounter.SYNCS_ASKED) > 1);

        // then the pin stands
        assertThat(again.status().pins()).hasSize(1);
        assertThat(again.status().laneTail()).isLessThanOrEqualTo(2);
        assertThat(engine.events(SessionFailed.class)).isEmpty();
    }

    private HostedVolume restarted(String retainBytes, String limitBytes) {
        nodes.stop(a);
        nodes.with("node.wal.retain.bytes", retainBytes)
                .with("node.wal.limit.bytes", limitBytes)
                .start(a);
        return nodes.volume(a, volumeId);
    }

    /** A catch-up of a replica that is away holds the WAL above an LSN. */
    private void pin(long sessionId, long lsn, long head) {
        engine.send(
                a,
                new IssueCatchUp(
                        engine.meta(a, 1),
                        b,
                        sessionId,
                        lsn,
                        head,
                        lsn,
                        Instant.now().plusSeconds(60),
                        SessionCause.behind,
                        new DecisionFacts(lsn, 1L, head),
                        1));
    }

    @Test
    void S_R5_a_primary_restarted_in_mid_base_gives_the_base_up_and_clears_it_when_the_session_ends() {
        nodes.stop(b);
        HostedVolume primary = nodes.volume(a, volumeId);
        long head = Nodes.writeRandom(primary, new Random(1), 200);
        awaitShipped(primary, head);
        String base = Topics.base(volumeId);
        engine.rebuildTo(a, b, 1, 4, head, SessionCause.behind_wal_tail);
        await().atMost(PlayedEngine.LIMIT)
                .until(() -> LaneContent.of(base).stream().anyMatch(BaseEnd.class::isInstance));
        assertThat(LaneContent.of(base).get(0)).isInstanceOf(BaseManifest.class);

        nodes.stop(a);
        nodes.start(a);
        await().atMost(PlayedEngine.LIMIT).until(() -> LaneContent.of(base).stream()
                .anyMatch(e -> e instanceof BaseEnd end && end.getChunks() == 0));
        HostedVolume again = nodes.volume(a, volumeId);
        assertThat(again.status().pins()).hasSize(1);

        engine.cancel(a, b, 1, 4, FailureReason.transport_lost);
        await().atMost(PlayedEngine.LIMIT).until(() -> LaneContent.of(base).isEmpty());
        assertThat(again.status().pins()).isEmpty();
    }

    @Test
    void a_batch_that_came_again_late_misleads_no_trim_and_no_catch_up() {
        HostedVolume primary = nodes.volume(a, volumeId);
        long first = Nodes.writeRandom(primary, new Random(1), 1);
        awaitShipped(primary, first);
        byte[] again = TestCluster.get()
                .codec()
                .encode(
                        Topics.wal(volumeId),
                        LaneContent.of(Topics.wal(volumeId)).get(0));
        nodes.stop(b);
        long behind = Nodes.writeRandom(primary, new Random(2), 20);
        awaitShipped(primary, behind);
        for (int i = 0; i < 100; i++) {
            engine.raw(Topics.wal(volumeId), volumeId, again);
        }
        long head = Nodes.writeRandom(primary, new Random(3), 20);
        awaitShipped(primary, head);

        // when the WAL is trimmed up to the batch, then all the rest is still there
        assertThat(primary.trimWal(first)).isEqualTo(first + 1);
        assertThat(LaneContent.lsns(volumeId, 1)).containsAll(upTo(first + 1, head));

        // and a replica that has no more than that batch follows from there
        nodes.start(b);
        SyncAckReceived facts = engine.ack(
                b, e -> e.getPrimaryWalHead() == head && e.getAck().getAckKind() == io.keepup.v1.AckKind.quorum);
        engine.catchUp(b, a, 1, 1, facts);
        assertThat(engine.completed(1).getAchievedLsn()).isGreaterThanOrEqualTo(head);
        assertThat(nodes.volume(b, volumeId).digest()).isEqualTo(primary.digest());
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void batches_that_came_late_and_in_order_mislead_no_trim(boolean restarted) {
        // given several batches, and late on the lane two of them once more, as a lane in order would have them
        HostedVolume primary = nodes.volume(a, volumeId);
        long first = Nodes.writeRandom(primary, new Random(0), 1);
        long head = first;
        for (int i = 1; i < 8; i++) {
            awaitShipped(primary, head);
            head = Nodes.writeRandom(primary, new Random(i), 1);
        }
        awaitShipped(primary, head);
        if (restarted) {
            nodes.stop(a);
            nodes.start(a);
            primary = nodes.volume(a, volumeId);
            awaitShipped(primary, head);
        }
        List<SpecificRecord> shipped = LaneContent.of(Topics.wal(volumeId));
        for (int i = 0; i < 50; i++) {
            for (SpecificRecord again : shipped.subList(0, 2)) {
                engine.raw(
                        Topics.wal(volumeId),
                        volumeId,
                        TestCluster.get().codec().encode(Topics.wal(volumeId), again));
            }
        }

        // when the WAL is trimmed up to the first of the two, then all the rest is still there
        assertThat(primary.trimWal(first)).isEqualTo(first + 1);
        assertThat(LaneContent.lsns(volumeId, 1)).containsAll(upTo(first + 1, head));
    }

    @Test
    void what_came_late_is_not_the_lanes_begin_after_a_restart() {
        // given batches of which the first two lie on the lane once more, behind the third
        HostedVolume primary = nodes.volume(a, volumeId);
        long third = 0;
        for (int i = 0; i < 3; i++) {
            third = Nodes.writeRandom(primary, new Random(i), 1);
            awaitShipped(primary, third);
        }
        for (SpecificRecord again : LaneContent.of(Topics.wal(volumeId)).subList(0, 2)) {
            engine.raw(Topics.wal(volumeId), volumeId, TestCluster.get().codec().encode(Topics.wal(volumeId), again));
        }
        long head = Nodes.writeRandom(primary, new Random(4), 1);
        awaitShipped(primary, head);

        // when all three are trimmed, and the primary starts again
        assertThat(primary.trimWal(third)).isEqualTo(third + 1);
        nodes.stop(a);
        nodes.start(a);

        // then it does not promise the third, of which nothing is left
        HostedVolume again = nodes.volume(a, volumeId);
        awaitShipped(again, head);
        assertThat(again.status().laneTail()).isEqualTo(third + 1);
    }

    @Test
    void G3_a_session_that_comes_after_its_replica_was_removed_pins_nothing() {
        HostedVolume primary = nodes.volume(a, volumeId);
        long head = Nodes.writeRandom(primary, new Random(1), 10);
        awaitShipped(primary, head);
        String c = TestCluster.get().name("vs-c");
        engine.makePrimary(a, 1, SIZE, c);
        await().atMost(PlayedEngine.LIMIT)
                .until(() -> primary.status().replicas().equals(List.of(c)));

        engine.rebuildTo(a, b, 1, 7, head, SessionCause.operator_request);
        engine.rebuildTo(a, c, 1, 8, head, SessionCause.operator_request);

        await().atMost(PlayedEngine.LIMIT).until(() -> !primary.status().pins().isEmpty());
        assertThat(primary.status().pins()).singleElement().satisfies(pin -> assertThat(pin.sessionId())
                .isEqualTo(8));
    }
}
