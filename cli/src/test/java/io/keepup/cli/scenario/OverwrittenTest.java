package io.keepup.cli.scenario;

import static io.keepup.cli.scenario.VolumeUnderTest.BLOCK;
import static io.keepup.cli.scenario.VolumeUnderTest.waitFor;
import static org.assertj.core.api.Assertions.assertThat;

import io.keepup.cli.BlockClient;
import io.keepup.node.hosting.HostedStatus;
import io.keepup.node.hosting.HostedVolume;
import io.keepup.v1.SessionKind;
import java.nio.ByteBuffer;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

@Timeout(300)
class OverwrittenTest {

    private static final int BLOCKS = 2048;
    private static final int PER_WRITE = 16;

    @RegisterExtension
    final VolumeUnderTest volume = new VolumeUnderTest((long) BLOCKS * BLOCK);

    private final String p = volume.node("p");
    private final String r1 = volume.node("r1");
    private final String r2 = volume.node("r2");

    @Test
    void S_R11_a_replica_with_other_data_everywhere_and_a_dirty_WAL_is_fully_overwritten() {
        // given three equal copies, the first half written
        volume.bootstrap(p, r1, r2);
        volume.awaitHealthyAt(volume.fillHalf(p));
        volume.assertEqualCopies(p, r1, r2);
        String right = digest(p);

        // and one of them that went another way: every block written again, a part of it only in its WAL
        volume.stop(p, r1);
        volume.assign(2, r2, p, r1);
        waitFor(r2 + " to be the primary").until(() -> volume.on(r2).primary(2).isPresent());
        byte[] other = writeEverywhere(volume.on(r2));
        HostedStatus dirty = volume.status(r2);
        assertThat(dirty.appliedLsn()).isGreaterThan(dirty.checkpointLsn());
        assertThat(dirty.checkpointLsn()).isPositive();
        volume.stop(r2);

        // when it is a replica of the others again
        volume.assign(3, p, r1, r2);
        volume.start(p, r1, r2);
        volume.awaitWatch("a rebuild of " + r2, w -> volume.sessions(r2).stream()
                .anyMatch(s -> s.kind() == SessionKind.rebuild && s.completed()));

        // then nothing of it is left, where the others have zeros neither
        volume.awaitHealthy();
        assertThat(digest(p)).isEqualTo(right);
        volume.assertEqualCopies(p, r1, r2);
        try (BlockClient client = volume.client(r2)) {
            assertThat(client.read(BLOCKS - PER_WRITE, PER_WRITE))
                    .containsOnly(0)
                    .hasSize(PER_WRITE * BLOCK);
            assertThat(client.read(0, PER_WRITE)).isNotEqualTo(other);
        }
    }

    /** Returns what it wrote at block 0. */
    private byte[] writeEverywhere(HostedVolume here) {
        Random random = new Random(3);
        byte[] data = new byte[PER_WRITE * BLOCK];
        byte[] first = null;
        long lsn = 0;
        for (int lba = 0; lba < BLOCKS; lba += PER_WRITE) {
            random.nextBytes(data);
            first = first == null ? data.clone() : first;
            lsn = here.write(lba, ByteBuffer.wrap(data));
            if (lba == BLOCKS / 2) {
                here.trim(lba / 2, PER_WRITE);
                here.flush();
            }
        }
        here.awaitDurable(lsn);
        return first;
    }

    private String digest(String node) {
        try (BlockClient client = volume.client(node)) {
            return client.digest().path("sha256").asText();
        }
    }
}
