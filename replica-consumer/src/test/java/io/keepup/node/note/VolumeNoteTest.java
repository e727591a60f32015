package io.keepup.node.note;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keepup.node.note.NoteState.Pin;
import io.keepup.node.note.NoteState.Replica;
import io.keepup.v1.SessionKind;
import io.keepup.volume.VolumeException;
import io.keepup.volume.VolumeException.Kind;
import io.keepup.volume.disk.DiskFile;
import io.keepup.volume.disk.SimulatedDisk;
import io.keepup.volume.disk.SimulatedDisk.Unsynced;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class VolumeNoteTest {

    private static final Path NOTES = Path.of("/node/notes");
    /** Changes of the disk that an update takes: create or cut, write, fsync, rename, fsync of the directory. */
    private static final int MORE_THAN_ALL = 10;

    private static final Replica VS_2 = new Replica("vs-2", "", "");

    private static SimulatedDisk disk() {
        SimulatedDisk disk = new SimulatedDisk();
        disk.createDirectories(NOTES);
        return disk;
    }

    private static NoteState pinned(NoteState state, long session) {
        return state.withIssued(
                Map.of("vs-2", session), List.of(new Pin(session, "vs-2", SessionKind.rebuild, 10 * session)));
    }

    @ParameterizedTest
    @EnumSource(Unsynced.class)
    void after_a_power_cut_at_any_step_a_note_is_the_old_or_the_new_one_and_the_new_one_once_an_update_returned(
            Unsynced mode) {
        int completed = 0;
        for (int step = 1; step <= MORE_THAN_ALL; step++) {
            for (long seed = 0; seed < 20; seed++) {
                SimulatedDisk disk = disk();
                VolumeNote note = VolumeNote.open(disk, NOTES, "v");
                note.update(state -> pinned(state, 1));
                NoteState old = note.state();
                NoteState young = pinned(old, 2);
                disk.failFrom(step, Kind.IO_ERROR);
                boolean returned = updates(note, young);
                completed += returned ? 1 : 0;
                NoteState found = VolumeNote.open(disk.afterPowerCut(mode, seed), NOTES, "v")
                        .state();
                assertThat(found).isIn(old, young);
                if (returned) {
                    assertThat(found).isEqualTo(young);
                }
            }
        }
        assertThat(completed).isPositive().isLessThan(20 * MORE_THAN_ALL);
    }

    private static boolean updates(VolumeNote note, NoteState next) {
        try {
            note.update(state -> next);
            return true;
        } catch (VolumeException e) {
            assertThat(note.state()).isNotEqualTo(next);
            return false;
        }
    }

    @Test
    void a_note_written_before_commands_were_remembered_is_read() {
        SimulatedDisk disk = disk();
        VolumeNote.open(disk, NOTES, "v").update(state -> state.withReplicas(List.of(VS_2), "c-1"));
        String written = text(disk);
        assertThat(written).contains(",\"configuredBy\":[\"c-1\"]");
        write(disk, written.replace(",\"configuredBy\":[\"c-1\"]", ""));

        VolumeNote note = VolumeNote.open(disk, NOTES, "v");

        assertThat(note.state().configured()).isTrue();
        assertThat(note.state().replicas()).containsExactly(VS_2);
        note.update(state -> state.withReplicas(List.of(), "c-2"));
        note.update(state -> state.withReplicas(List.of(VS_2), "c-1"));
        note.update(state -> state.withReplicas(List.of(), "c-2"));
        assertThat(VolumeNote.open(disk, NOTES, "v").state().configuredBy()).containsExactly("c-2", "c-1");
        assertThat(note.state().replicas()).containsExactly(VS_2);
    }

    @Test
    void a_shorter_note_leaves_nothing_of_the_longer_one() {
        SimulatedDisk disk = disk();
        VolumeNote note = VolumeNote.open(disk, NOTES, "v");
        note.update(state -> pinned(state, 1_000_000));
        note.update(state -> NoteState.EMPTY.newEpoch(3));
        assertThat(VolumeNote.open(disk, NOTES, "v").state()).isEqualTo(note.state());
    }

    @Test
    void the_same_note_is_the_same_bytes_in_whatever_order_it_was_told() {
        SimulatedDisk one = disk();
        SimulatedDisk other = disk();
        VolumeNote.open(one, NOTES, "v").update(s -> s.withIssued(Map.of("a", 1L, "b", 2L, "c", 3L), List.of()));
        VolumeNote.open(other, NOTES, "v").update(s -> s.withIssued(Map.of("c", 3L, "a", 1L, "b", 2L), List.of()));
        assertThat(text(one)).isEqualTo(text(other)).contains("\"a\":1,\"b\":2,\"c\":3");
    }

    private static String text(SimulatedDisk disk) {
        try (DiskFile file = disk.open(NOTES.resolve("v"), false)) {
            ByteBuffer bytes = ByteBuffer.allocate((int) file.size());
            file.read(bytes, 0);
            return new String(bytes.array(), StandardCharsets.UTF_8);
        }
    }

    private static void write(SimulatedDisk disk, String text) {
        try (DiskFile file = disk.open(NOTES.resolve("v"), true)) {
            file.setSize(0);
            file.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)), 0);
        }
    }

    @Test
    void a_note_that_is_none_is_said() {
        SimulatedDisk disk = disk();
        write(disk, "{");
        assertThatThrownBy(() -> VolumeNote.open(disk, NOTES, "v"))
                .isInstanceOf(UncheckedIOException.class)
                .hasMessageContaining("remove it to forget it");
    }
}
