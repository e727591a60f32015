package io.keepup.node.primary;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keepup.node.NodeCounter;
import io.keepup.node.NodeMetrics;
import io.keepup.node.note.NoteState;
import io.keepup.node.note.VolumeNote;
import io.keepup.v1.AckKind;
import io.keepup.v1.SessionKind;
import io.keepup.v1.SyncAck;
import io.keepup.volume.VolumeException;
import io.keepup.volume.disk.FileSystemDisk;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PinBoardTest {

    @TempDir
    Path directory;

    private final NodeMetrics metrics = new NodeMetrics();
    private final List<Long> released = new ArrayList<>();
    private PinBoard pins;

    @BeforeEach
    void open() {
        pins = new PinBoard("v", VolumeNote.open(new FileSystemDisk(), directory, "v"), metrics, released::add);
    }

    private static SyncAck ack(long durable, long received, Long sessionId, boolean active) {
        return new SyncAck(durable, durable, received, 1L, true, null, AckKind.quorum, active, sessionId, 1L);
    }

    @Test
    void N2_a_pin_follows_what_is_durable_and_never_goes_back() {
        pins.take(1, "vs-2", SessionKind.catchup, 100);
        pins.heard("vs-2", ack(150, 150, 1L, true));
        assertThat(pins.floor()).isEqualTo(150);
        pins.heard("vs-2", ack(120, 120, 1L, true));
        assertThat(pins.floor()).isEqualTo(150);
        // In a rebuild the position is 0; the session's own durable LSN comes as received.
        pins.heard("vs-2", ack(0, 180, 1L, true));
        assertThat(pins.floor()).isEqualTo(180);
    }

    @Test
    void N2_what_a_diverged_replica_held_before_its_rebuild_does_not_move_the_pin() {
        pins.take(1, "vs-2", SessionKind.rebuild, 400);
        // The session waits for its manifest: the replica still answers with its own, other history.
        pins.heard("vs-2", ack(500, 0, 1L, true));
        assertThat(pins.floor()).isEqualTo(400);
    }

    @Test
    void a_pin_that_cannot_be_noted_is_not_taken_and_a_release_that_cannot_be_noted_is_done_later() throws Exception {
        pins.take(1, "vs-2", SessionKind.catchup, 100);
        Path draft = Files.createDirectory(directory.resolve("v.new"));
        assertThatThrownBy(() -> pins.release(1, "cancelled")).isInstanceOf(VolumeException.class);
        assertThatThrownBy(() -> pins.take(2, "vs-3", SessionKind.rebuild, 300)).isInstanceOf(VolumeException.class);
        assertThat(pins.live()).extracting(NoteState.Pin::sessionId).containsExactly(1L);
        assertThat(released).isEmpty();

        Files.delete(draft);
        pins.release(1, "cancelled");
        assertThat(pins.take(2, "vs-3", SessionKind.rebuild, 300)).isTrue();
        assertThat(released).containsExactly(1L);
        assertThat(metrics.get(NodeCounter.PINS_RELEASED)).isEqualTo(1);
        assertThat(metrics.get(NodeCounter.PINS_TAKEN)).isEqualTo(2);
    }

    @Test
    void N3_the_floor_is_the_minimum_and_each_end_releases_once() {
        pins.take(1, "vs-2", SessionKind.catchup, 100);
        pins.take(2, "vs-3", SessionKind.rebuild, 300);
        assertThat(pins.floor()).isEqualTo(100);
        pins.heard("vs-2", ack(400, 400, 1L, false));
        pins.heard("vs-2", ack(400, 400, 1L, false));
        pins.release(1, "again");
        assertThat(pins.floor()).isEqualTo(300);
        pins.release(2, "cancelled");
        assertThat(pins.floor()).isEqualTo(Long.MAX_VALUE);
        assertThat(released).containsExactly(1L, 2L);
        assertThat(metrics.get(NodeCounter.PINS_RELEASED)).isEqualTo(2);
    }

    @Test
    void an_answer_from_before_the_session_began_on_the_replica_releases_nothing() {
        pins.take(5, "vs-2", SessionKind.catchup, 100);
        pins.heard("vs-2", ack(90, 90, null, false));
        pins.heard("vs-2", ack(90, 90, 4L, false));
        pins.heard("vs-3", ack(90, 90, 5L, false));
        assertThat(pins.floor()).isEqualTo(100);
    }

    @Test
    void a_command_that_comes_again_pins_nothing_and_a_newer_one_takes_the_place() {
        assertThat(pins.take(1, "vs-2", SessionKind.catchup, 100)).isTrue();
        assertThat(pins.take(1, "vs-2", SessionKind.catchup, 100)).isFalse();
        pins.release(1, "over");
        assertThat(pins.take(1, "vs-2", SessionKind.catchup, 100)).isFalse();
        assertThat(pins.take(2, "vs-2", SessionKind.catchup, 200)).isTrue();
        assertThat(pins.take(3, "vs-2", SessionKind.rebuild, 300)).isTrue();
        assertThat(pins.floor()).isEqualTo(300);
        assertThat(released).containsExactly(1L, 2L);
    }

    @Test
    void pins_and_what_was_issued_outlive_the_process() {
        pins.take(3, "vs-2", SessionKind.rebuild, 100);
        PinBoard again =
                new PinBoard("v", VolumeNote.open(new FileSystemDisk(), directory, "v"), metrics, released::add);
        assertThat(again.floor()).isEqualTo(100);
        assertThat(again.take(3, "vs-2", SessionKind.rebuild, 900)).isFalse();
        again.keepOnly(List.of("vs-3"));
        assertThat(again.live()).isEmpty();
    }

    @Test
    void N3_wal_is_not_given_up_past_a_pin_that_was_taken_since_it_was_looked_for() {
        List<String> done = new ArrayList<>();
        pins.take(1, "vs-2", SessionKind.catchup, 100);
        assertThat(pins.unlessPinned(150, () -> done.add("up to 150"))).isFalse();
        assertThat(pins.unlessPinned(100, () -> done.add("up to 100"))).isTrue();
        assertThat(done).containsExactly("up to 100");
    }
}
