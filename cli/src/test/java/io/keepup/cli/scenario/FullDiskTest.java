package io.keepup.cli.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import io.keepup.v1.SessionKind;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A replica on a real file system that is too small for its volume. */
@Timeout(300)
class FullDiskTest {

    @RegisterExtension
    final VolumeUnderTest volume = new VolumeUnderTest(8 << 20);

    private final String p = volume.node("p");
    private final String r1 = volume.node("r1");
    private final String r2 = volume.node("r2");

    @Test
    void P4_a_rebuild_onto_a_full_disk_fails_clearly_and_succeeds_when_there_is_room() throws Exception {
        volume.bootstrap(p, r1);
        volume.awaitHealthyAt(volume.fillHalf(p));
        volume.trimAll(p);
        try (MountedFileSystem small = MountedFileSystem.tmpfs(volume.directory(r2), 3)) {
            // when a replica's disk is smaller than what its base brings
            volume.start(r2);
            volume.assign(2, p, r1, r2);

            // then the session fails, and what is there is taken for nothing
            volume.awaitWatch(
                    "the first session to end",
                    w -> !volume.sessions(r2).isEmpty()
                            && volume.sessions(r2).get(0).outcome() != null);
            assertThat(volume.sessions(r2).get(0).kind()).isEqualTo(SessionKind.rebuild);
            assertThat(volume.sessions(r2).get(0).outcome()).isEqualTo("transport_lost");
            assertThat(volume.status(r2).recoverable()).isFalse();
            assertThat(volume.status(r2).appliedLsn()).isZero();
            assertThat(volume.projection().getHealthy()).isFalse();

            // when there is room, the next session completes
            small.resize(64);
            volume.awaitWatch("a session that completes", w -> volume.sessions(r2).stream()
                    .anyMatch(s -> s.completed()));
            assertThat(volume.sessions(r2)).allMatch(s -> s.kind() == SessionKind.rebuild);
            volume.awaitHealthyAt(volume.burst(p, 20));
            volume.assertEqualCopies(p, r1, r2);
            volume.stop(r2);
        }
    }
}
