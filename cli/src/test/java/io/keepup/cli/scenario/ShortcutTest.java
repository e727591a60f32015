package io.keepup.cli.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import io.keepup.cli.rig.SessionLog;
import io.keepup.v1.SessionCause;
import io.keepup.v1.SessionKind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** When the WAL is enough, and when only a full base is: by the exact edge, and by what a replica's own data is worth. */
@Timeout(300)
class ShortcutTest {

    @RegisterExtension
    final VolumeUnderTest volume = new VolumeUnderTest(4 << 20);

    private final String p = volume.node("p");
    private final String trusted = volume.node("trusted");
    private final String gap = volume.node("gap");
    private final String damaged = volume.node("damaged");
    private final String empty = volume.node("empty");

    @Test
    void S_S9_below_the_tail_the_WAL_is_refused_and_at_its_exact_edge_accepted() { // [P8]
        // given two replicas that differ by one entry
        volume.bootstrap(p, trusted, gap);
        long below = volume.burst(p, 50);
        volume.awaitHealthyAt(below);
        volume.awaitDurable(gap, below);
        volume.stop(gap);
        long edge = volume.burst(p, 1);
        volume.awaitDurable(trusted, edge);
        volume.stop(trusted);

        // when the WAL begins right behind the one, and so one entry above what the other needs
        assertThat(volume.trimAll(p)).isEqualTo(edge + 1);
        long head = volume.burst(p, 20);
        volume.start(trusted, gap);

        // then the one catches up, the other is rebuilt
        SessionLog.Session accepted = volume.awaitCompleted(trusted, SessionKind.catchup, 0);
        assertThat(accepted.facts().getReplicaLsn()).isEqualTo(edge);
        assertThat(accepted.facts().getPrimaryWalTail()).isEqualTo(edge + 1);
        SessionLog.Session refused = volume.awaitCompleted(gap, SessionKind.rebuild, 0);
        assertThat(refused.cause()).isEqualTo(SessionCause.behind_wal_tail);
        assertThat(refused.facts().getReplicaLsn()).isEqualTo(edge - 1);
        volume.awaitHealthyAt(head);
        assertThat(volume.sessions()).hasSize(2);
        volume.assertEqualCopies(p, trusted, gap);
    }

    @Test
    void S_S10_only_a_trusted_checkpoint_with_a_covered_tail_spares_the_base() throws IOException {
        // given one replica with all but a tail that is covered, the same with damage, one below the tail, one with
        // nothing
        volume.start(p, trusted, gap, damaged);
        volume.assign(1, p, trusted, gap, damaged, empty);
        volume.awaitReady(trusted, gap, damaged);
        long below = volume.burst(p, 50);
        for (String replica : new String[] {trusted, gap, damaged}) {
            volume.awaitDurable(replica, below);
        }
        volume.stop(gap);
        long covered = volume.burst(p, 50);
        volume.awaitDurable(trusted, covered);
        volume.awaitDurable(damaged, covered);
        volume.stop(trusted, damaged);
        assertThat(volume.trimAll(p)).isEqualTo(covered + 1);
        long head = volume.burst(p, 50);
        damageLocalWal(damaged);

        // when all come
        volume.start(trusted, gap, damaged, empty);

        // then only the first is spared the base
        SessionLog.Session shortcut = volume.awaitCompleted(trusted, SessionKind.catchup, 0);
        assertThat(shortcut.baseBytes() + shortcut.zeroBytes()).isZero();
        assertThat(shortcut.walBytes()).isPositive();
        assertFullBase(gap, SessionCause.behind_wal_tail);
        assertFullBase(damaged, SessionCause.local_corrupt);
        assertFullBase(empty, SessionCause.empty);
        volume.awaitHealthyAt(head);
        assertThat(volume.sessions()).hasSize(4);
        volume.assertEqualCopies(p, trusted, gap, damaged, empty);
    }

    private void assertFullBase(String replica, SessionCause cause) {
        SessionLog.Session session = volume.awaitCompleted(replica, SessionKind.rebuild, 0);
        assertThat(session.cause()).isEqualTo(cause);
        assertThat(session.baseBytes() + session.zeroBytes() + session.skippedBlocks() * VolumeUnderTest.BLOCK)
                .as("a base of the whole volume")
                .isEqualTo(4 << 20);
    }

    /** Bytes in the middle of what the replica has on its disk are not what they were. */
    private void damageLocalWal(String replica) throws IOException {
        Path wal = volume.files(replica).resolve("wal");
        Path segment;
        try (Stream<Path> files = Files.list(wal)) {
            segment = files.filter(file -> file.toString().endsWith(".wal"))
                    .min(Comparator.naturalOrder())
                    .orElseThrow();
        }
        try (FileChannel file = FileChannel.open(segment, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            ByteBuffer byte0 = ByteBuffer.allocate(1);
            file.read(byte0, 6_000);
            file.write(ByteBuffer.wrap(new byte[] {(byte) ~byte0.get(0)}), 6_000);
        }
    }
}
