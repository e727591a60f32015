package io.keepup.cli.scenario;

import static io.keepup.cli.scenario.VolumeUnderTest.BLOCK;
import static io.keepup.cli.scenario.VolumeUnderTest.waitFor;
import static org.assertj.core.api.Assertions.assertThat;

import io.keepup.cli.BlockClient;
import io.keepup.cli.rig.SessionLog;
import io.keepup.cli.rig.Workload;
import io.keepup.node.NodeCounter;
import io.keepup.schemas.codec.UndecodableException;
import io.keepup.schemas.topic.Topics;
import io.keepup.v1.BaseManifest;
import io.keepup.v1.FailureReason;
import io.keepup.v1.IssueRebuild;
import io.keepup.v1.SessionCompleted;
import io.keepup.v1.SessionFailed;
import io.keepup.v1.SessionKind;
import io.keepup.v1.SessionPhase;
import io.keepup.v1.SessionProgress;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A replica is made from a base and the WAL above it: what it is then, and what happens on the way. */
@Timeout(300)
class RestoreTest {

    private static final int SIZE = 8 << 20;
    private static final Duration CHUNK_EACH = Duration.ofMillis(20);

    @RegisterExtension
    final VolumeUnderTest volume = new VolumeUnderTest(SIZE);

    private final String p = volume.node("p");
    private final String r = volume.node("r");
    private final String baseLane = Topics.base(volume.id());
    private final String walLane = Topics.wal(volume.id());
    /** Boundary of the base of each session, as its manifest says. */
    private final Map<Long, Long> boundaries = new ConcurrentHashMap<>();

    /** A replica below the tail, which is away; gives the primary's head. */
    private long aReplicaThatNeedsABase() {
        volume.bootstrap(p, r);
        volume.awaitHealthyAt(volume.fillHalf(p));
        return missed(50);
    }

    /** The replica misses so many writes, and the WAL that holds them. */
    private long missed(int writes) {
        // Nobody but the replica tells its primary that a session is over: a pin it left would keep that WAL.
        waitFor("no pin").until(() -> volume.status(p).pins().isEmpty());
        volume.stop(r);
        long head = volume.burst(p, writes);
        volume.trimAll(p);
        Network.alter(r, baseLane, (client, record) -> {
            try {
                if (volume.cluster().codec().decode(record.value()) instanceof BaseManifest manifest) {
                    boundaries.put(manifest.getSessionId(), manifest.getBaseLsn());
                }
            } catch (UndecodableException e) {
                throw new AssertionError(e);
            }
            return record.value();
        });
        return head;
    }

    private SessionCompleted completion() {
        return volume.seen().values(SessionCompleted.class).get(0);
    }

    private List<SessionProgress> progress(SessionLog.Session session) {
        return volume.seen().values(SessionProgress.class, e -> e.getSessionId() == session.id());
    }

    @Test
    void S_S1_the_boundary_of_a_base_is_exact_and_the_WAL_is_taken_from_the_next_entry_on() {
        // given a base at a head that nothing follows: it is all there is [R2]
        long head = aReplicaThatNeedsABase();
        volume.start(r);
        SessionLog.Session alone = volume.awaitCompleted(r, SessionKind.rebuild, 0);
        assertThat(boundaries.get(alone.id())).isEqualTo(head);
        assertThat(alone.targetLsn()).isEqualTo(head);
        assertThat(completion().getAchievedLsn()).isEqualTo(head);
        assertThat(completion().getWalBytes()).as("WAL of a base alone").isZero();
        volume.awaitHealthyAt(head);
        volume.assertEqualCopies(p, r);

        // when entries of one block each follow while the base is on its way
        long trimmed = missed(10);
        Network.slow(baseLane, CHUNK_EACH);
        volume.start(r);
        SessionLog.Session session = volume.awaitRunning(r, SessionKind.rebuild, 1);
        long last = volume.burstBehind(p, 0, 30);
        Network.fast(baseLane);
        volume.awaitCompleted(r, SessionKind.rebuild, 1);

        // then exactly these are taken from the WAL
        SessionCompleted done = volume.seen().values(SessionCompleted.class).get(1);
        assertThat(boundaries.get(session.id())).isEqualTo(trimmed);
        assertThat(done.getAchievedLsn()).isEqualTo(last);
        assertThat(done.getWalBytes()).isEqualTo((last - trimmed) * BLOCK);
        volume.awaitHealthyAt(last);
        volume.assertEqualCopies(p, r);
    }

    @Test
    void S_S4_a_known_image_arrives_as_it_is() throws NoSuchAlgorithmException {
        volume.bootstrap(p, r);
        byte[] image = new byte[SIZE];
        Random random = new Random(11);
        try (BlockClient client = volume.client(p)) {
            // Data, zeros that were written, blocks that were never written, and single blocks between them.
            for (int at = 0; at < SIZE; at += 1 << 20) {
                byte[] part = new byte[(at >> 20) % 3 == 0 ? 1 << 20 : BLOCK];
                if ((at >> 20) % 4 != 1) {
                    random.nextBytes(part);
                }
                client.write(at / BLOCK, part, false);
                System.arraycopy(part, 0, image, at, part.length);
            }
        }
        volume.awaitHealthyAt(volume.status(p).durableLsn());
        missed(0);
        // The replica's disk is exchanged for an empty one.
        volume.forget(r);
        volume.start(r);
        volume.awaitCompleted(r, SessionKind.rebuild, 0);
        String expected =
                HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(image));
        try (BlockClient client = volume.client(r)) {
            assertThat(client.digest().path("sha256").asText()).isEqualTo(expected);
        }
        assertThat(completion().getZeroBytes()).isPositive();
        assertThat(completion().getBaseBytes() + completion().getZeroBytes()).isEqualTo(SIZE);
        volume.awaitHealthy();
        volume.assertEqualCopies(p, r);
    }

    @Test
    void S_S5_S8_a_base_and_the_WAL_of_writes_and_trims_that_went_on_meanwhile_make_an_equal_copy() throws Exception {
        aReplicaThatNeedsABase();
        Network.slow(baseLane, Duration.ofMillis(5));
        long trims = 0;
        try (BlockClient client = volume.client(p);
                Workload workload = volume.workload(client)) {
            workload.begin();
            volume.start(r);
            SessionLog.Session session = volume.awaitRunning(r, SessionKind.rebuild, 0);
            Random random = new Random(3);
            while (sessionOutcome(session) == null) {
                volume.on(p).trim(random.nextLong(SIZE / BLOCK - 40), 1 + random.nextInt(40));
                trims++;
                byte[] several = new byte[BLOCK * (1 + random.nextInt(30))];
                random.nextBytes(several);
                client.write(random.nextLong(SIZE / BLOCK - 30), several, false);
            }
            volume.awaitCompleted(r, SessionKind.rebuild, 0);
            workload.end();
        }
        assertThat(trims).isGreaterThan(5);
        assertThat(completion().getWalBytes()).isPositive();
        assertThat(completion().getSkippedBlocks())
                .as("base blocks behind newer WAL")
                .isPositive();
        volume.awaitHealthyAt(volume.status(p).durableLsn());
        volume.assertEqualCopies(p, r);
    }

    private String sessionOutcome(SessionLog.Session session) {
        return volume.sessions().stream()
                .filter(s -> s.id() == session.id())
                .findFirst()
                .orElseThrow()
                .outcome();
    }

    @Test
    void S_R4_with_the_base_done_first_nothing_is_complete_before_the_WAL_is_too() {
        SessionLog.Session session = aBaseDoneWithoutItsWal();
        volume.settle();
        assertThat(volume.seen().values(SessionCompleted.class)).isEmpty();
        assertThat(volume.status(r).recoverable()).as("while WAL is missing").isFalse();

        // when the WAL comes
        Network.bring(r, walLane);
        volume.awaitCompleted(r, SessionKind.rebuild, 0);

        // then it is complete, once, and not below the newest block of the base
        assertThat(volume.seen().values(SessionCompleted.class)).hasSize(1);
        assertThat(completion().getSessionId()).isEqualTo(session.id());
        assertThat(completion().getAchievedLsn()).isEqualTo(volume.status(p).durableLsn());
        volume.awaitHealthyAt(volume.status(p).durableLsn());
        volume.assertEqualCopies(p, r);
    }

    /** A session whose base is whole, but WAL up to the primary's head does not come. */
    private SessionLog.Session aBaseDoneWithoutItsWal() {
        aReplicaThatNeedsABase();
        Network.slow(baseLane, CHUNK_EACH);
        volume.start(r);
        SessionLog.Session session = volume.awaitRunning(r, SessionKind.rebuild, 0);
        Network.hold(r, walLane);
        volume.burst(p, 50);
        Network.fast(baseLane);
        volume.awaitWatch("the base to be complete", w -> progress(session).stream()
                .anyMatch(e -> e.getPhase() == SessionPhase.base_complete));
        return session;
    }

    @Test
    void S_R4_with_the_WAL_target_reached_first_nothing_is_complete_before_the_base_is_too() {
        // given a rebuild whose base takes its time
        aReplicaThatNeedsABase();
        Network.slow(baseLane, CHUNK_EACH);
        volume.start(r);
        SessionLog.Session session = volume.awaitRunning(r, SessionKind.rebuild, 0);

        // when the WAL is past the target
        long head = volume.burst(p, 50);
        assertThat(head).isGreaterThan(session.targetLsn());
        volume.awaitWatch("WAL up to LSN " + head, w -> progress(session).stream()
                .anyMatch(e -> e.getWalAppliedLsn() >= head && e.getProgress() >= head));

        // then nothing is complete, nor counted, until the base is
        SessionProgress at = progress(session).get(progress(session).size() - 1);
        assertThat(at.getBaseBlocksDone()).isLessThan(at.getBaseBlocksTotal());
        assertThat(volume.seen().values(SessionCompleted.class)).isEmpty();
        assertThat(volume.status(r).recoverable()).isFalse();
        Network.fast(baseLane);
        volume.awaitCompleted(r, SessionKind.rebuild, 0);
        assertThat(volume.seen().values(SessionCompleted.class)).hasSize(1);
        assertThat(completion().getAchievedLsn()).isGreaterThanOrEqualTo(head);
        volume.awaitHealthyAt(head);
        volume.assertEqualCopies(p, r);
    }

    @Test
    void S_S7_a_replica_that_crashes_between_the_end_of_the_base_and_that_of_the_WAL_gets_a_fresh_decision() {
        SessionLog.Session first = aBaseDoneWithoutItsWal();

        // when it crashes there: what held its WAL lets go of a dead process only
        Network.lose(r, walLane);
        Network.release(r, walLane);
        volume.stop(r);
        Network.bring(r, walLane);
        volume.start(r);

        // then nothing of that session counts
        SessionLog.Session second = volume.awaitCompleted(r, SessionKind.rebuild, 1);
        assertThat(second.id()).isGreaterThan(first.id());
        assertThat(second.facts().getReplicaLsn()).isZero();
        assertThat(volume.seen().values(SessionFailed.class)).singleElement().satisfies(e -> {
            assertThat(e.getSessionId()).isEqualTo(first.id());
            assertThat(e.getReason()).isEqualTo(FailureReason.transport_lost);
        });
        assertThat(volume.seen().values(SessionCompleted.class)).hasSize(1);
        volume.awaitHealthyAt(volume.status(p).durableLsn());
        volume.assertEqualCopies(p, r);
    }

    @Test
    void S_R5_a_primary_cut_off_from_Kafka_in_mid_base_fails_the_session_and_the_next_facts_force_a_rebuild() {
        volume.with("node.session.stall.ms", "3000");
        aReplicaThatNeedsABase();
        Network.slow(baseLane, Duration.ofMillis(50));
        volume.start(r);
        SessionLog.Session first = volume.awaitRunning(r, SessionKind.rebuild, 0);
        Network.cut(p);
        volume.awaitWatch("the failure", w -> w.sessions().get(0).outcome() != null);
        assertThat(volume.sessions().get(0).outcome()).isEqualTo("progress_stalled");
        assertThat(volume.status(r).recoverable()).isFalse();

        Network.fast(baseLane);
        Network.mend(p);
        assertRebuiltAfter(first);
    }

    @Test
    void S_R5_a_primary_killed_in_mid_base_fails_the_session_and_the_next_facts_force_a_rebuild() {
        volume.with("node.session.stall.ms", "3000");
        aReplicaThatNeedsABase();
        Network.slow(baseLane, Duration.ofMillis(50));
        volume.start(r);
        SessionLog.Session first = volume.awaitRunning(r, SessionKind.rebuild, 0);
        volume.stop(p);
        Network.fast(baseLane);
        volume.start(p);
        volume.awaitWatch("the failure", w -> w.sessions().get(0).outcome() != null);
        assertThat(volume.sessions().get(0).outcome()).isIn("snapshot_unavailable", "progress_stalled");
        assertRebuiltAfter(first);
    }

    /** The session has failed; a fresh one follows from what the replica then says, and ends with an equal copy. */
    private void assertRebuiltAfter(SessionLog.Session first) {
        SessionLog.Session second = volume.awaitCompleted(r, SessionKind.rebuild, 1);
        assertThat(second.id()).isGreaterThan(first.id());
        assertThat(second.facts().getReplicaLsn()).isZero();
        assertThat(volume.seen().values(SessionFailed.class, e -> e.getSessionId() == first.id()))
                .hasSize(1);
        assertThat(volume.seen().values(IssueRebuild.class, c -> c.getSessionId() == second.id()))
                .isNotEmpty();
        long head = volume.burst(p, 20);
        volume.awaitHealthyAt(head);
        waitFor("no pin").until(() -> volume.status(p).pins().isEmpty());
        volume.assertEqualCopies(p, r);
    }

    @Test
    void a_base_on_its_way_leaves_the_lane_with_its_session() {
        aReplicaThatNeedsABase();
        volume.start(r);
        volume.awaitCompleted(r, SessionKind.rebuild, 0);
        assertThat(volume.counter(p, NodeCounter.BASE_CHUNKS_SENT)).isGreaterThan(100);
        waitFor("an empty base lane").until(() -> volume.onLane(baseLane).isEmpty());
        volume.awaitHealthy();
    }
}
