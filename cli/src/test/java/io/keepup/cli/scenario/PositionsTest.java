package io.keepup.cli.scenario;

import static io.keepup.cli.scenario.VolumeUnderTest.BLOCK;
import static org.assertj.core.api.Assertions.assertThat;

import io.keepup.cli.BlockClient;
import io.keepup.cli.rig.SessionLog;
import io.keepup.v1.IssueRebuild;
import io.keepup.v1.SessionCause;
import io.keepup.v1.SessionCompleted;
import io.keepup.v1.SessionKind;
import io.keepup.v1.SyncAckReceived;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What a replica is told to do follows from where it stands, and only the engine says so. */
@Timeout(120)
class PositionsTest {

    @RegisterExtension
    final VolumeUnderTest volume = new VolumeUnderTest(8 << 20);

    private final String p = volume.node("p");
    private final String r1 = volume.node("r1");
    private final String r2 = volume.node("r2");
    private final String r3 = volume.node("r3");

    @Test
    void S_V4_three_positions_lead_to_keep_up_catch_up_and_rebuild() {
        // given one replica that has everything, one that misses WAL still kept, one below the tail
        volume.bootstrap(p, r1, r2, r3);
        volume.awaitHealthyAt(volume.burst(p, 100));
        volume.stop(r3);
        long trimmed = volume.burst(p, 100);
        volume.awaitDurable(r2, trimmed);
        volume.stop(r2);
        assertThat(volume.trimAll(p)).isEqualTo(trimmed + 1);
        long head = volume.burst(p, 100);
        volume.awaitDurable(r1, head);
        assertThat(volume.sessions()).isEmpty();

        // when both return
        volume.start(r2, r3);

        // then each gets what its position asks for, with the facts that say why
        SessionLog.Session catchUp = volume.awaitCompleted(r2, SessionKind.catchup, 0);
        assertThat(catchUp.cause()).isEqualTo(SessionCause.behind);
        assertThat(catchUp.facts().getReplicaLsn()).isEqualTo(trimmed);
        SessionLog.Session rebuild = volume.awaitCompleted(r3, SessionKind.rebuild, 0);
        assertThat(rebuild.cause()).isEqualTo(SessionCause.behind_wal_tail);
        assertThat(rebuild.facts().getReplicaLsn()).isLessThan(rebuild.facts().getPrimaryWalTail() - 1);
        assertThat(volume.sessions(r1)).as("sessions of the one in keep-up").isEmpty();
        volume.awaitHealthyAt(head);
        assertThat(volume.sessions()).hasSize(2);
        volume.assertEqualCopies(p, r1, r2, r3);
    }

    @Test
    void S_V4_the_replica_that_misses_nothing_of_a_trimmed_WAL_catches_up() { // [P8]
        volume.bootstrap(p, r1);
        long head = volume.burst(p, 50);
        volume.awaitHealthyAt(head);
        volume.stop(r1);
        assertThat(volume.trimAll(p)).isEqualTo(head + 1);
        long next = volume.burst(p, 50);
        volume.start(r1);
        SessionLog.Session session = volume.awaitCompleted(r1, SessionKind.catchup, 0);
        assertThat(session.facts().getReplicaLsn()).isEqualTo(session.facts().getPrimaryWalTail() - 1);
        volume.awaitHealthyAt(next);
        volume.assertEqualCopies(p, r1);
    }

    @Test
    void S_R1_a_fresh_replica_of_a_trimmed_volume_is_rebuilt_because_the_engine_says_so() {
        // given a volume whose beginning is no longer in its WAL, and a replica that never was there
        volume.start(p, r1);
        volume.assign(1, p, r1, r2);
        volume.awaitReady(r1);
        volume.awaitReason("awaiting_replica_sync");
        volume.awaitDurable(r1, volume.fillHalf(p));
        volume.trimAll(p);
        long head = volume.burst(p, 50);

        // when it comes
        volume.start(r2);

        // then it reports its facts, the engine decides
        SessionLog.Session session = volume.awaitCompleted(r2, SessionKind.rebuild, 0);
        assertThat(session.cause()).isEqualTo(SessionCause.empty);
        assertThat(session.facts().getReplicaLsn()).isZero();
        assertThat(session.facts().getPrimaryWalTail()).isGreaterThan(1);
        assertThat(session.baseBytes()).isPositive();
        Seen.Entry command = volume.seen().all(IssueRebuild.class, c -> true).get(0);
        assertThat(((IssueRebuild) command.value()).getMeta().getSource()).isEqualTo("engine/safe");
        assertThat(volume.seen().event(command.causeOffset())).isInstanceOfSatisfying(SyncAckReceived.class, fact -> {
            assertThat(fact.getReplicaId()).isEqualTo(r2);
            assertThat(fact.getAck().getAppliedLsn()).isZero();
            assertThat(fact.getMeta().getSource()).isEqualTo("node/" + p);
        });
        volume.awaitHealthyAt(head);
        assertThat(volume.replica(r2).getSession().getKind()).isEqualTo(SessionKind.keepup);
        assertThat(volume.sessions(r2)).hasSize(1);
        volume.assertEqualCopies(p, r1, r2);
    }

    @Test
    void S_R3_a_replica_below_the_tail_is_rebuilt_and_nothing_of_its_old_data_shows() {
        // given a replica that holds old data where the primary has since written other data, or trimmed it
        volume.bootstrap(p, r1, r2);
        try (BlockClient client = volume.client(p)) {
            client.write(0, filled((byte) 'o', 64), true);
            client.write(64, filled((byte) 'o', 64), true);
            client.write(128, filled((byte) 's', 64), true);
        }
        volume.awaitHealthyAt(3);
        volume.awaitDurable(r2, 3);
        volume.stop(r2);
        try (BlockClient client = volume.client(p)) {
            client.write(0, filled((byte) 'n', 64), false);
        }
        volume.on(p).awaitDurable(volume.on(p).trim(64, 64));
        long head = volume.burstBehind(p, 256, 50);
        assertThat(volume.trimAll(p, r1)).isEqualTo(head + 1);

        // when it returns
        volume.start(r2);

        // then it is rebuilt, never caught up
        SessionLog.Session session = volume.awaitCompleted(r2, SessionKind.rebuild, 0);
        assertThat(session.facts().getReplicaLsn()).isEqualTo(3);
        volume.awaitHealthyAt(head);
        assertThat(volume.sessions(r2)).hasSize(1);
        assertThat(volume.seen().values(SessionCompleted.class))
                .singleElement()
                .satisfies(e -> assertThat(e.getBaseComplete()).isTrue());
        try (BlockClient replica = volume.client(r2)) {
            assertThat(replica.read(0, 64)).isEqualTo(filled((byte) 'n', 64));
            assertThat(replica.read(64, 64)).as("trimmed blocks").isEqualTo(new byte[64 * BLOCK]);
            assertThat(replica.read(128, 64)).isEqualTo(filled((byte) 's', 64));
        }
        volume.assertEqualCopies(p, r1, r2);
    }

    private static byte[] filled(byte value, int blocks) {
        byte[] data = new byte[blocks * BLOCK];
        Arrays.fill(data, value);
        return data;
    }
}
