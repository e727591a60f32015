package io.keepup.node.note;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.keepup.volume.disk.Disk;
import io.keepup.volume.disk.DiskFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.function.UnaryOperator;

/**
 * The durable note of one volume: one small JSON file, replaced atomically and fsynced before an update returns.
 * Thread-safe.
 */
public final class VolumeNote {

    private static final ObjectMapper JSON = new ObjectMapper();

    private final Disk disk;
    private final Path file;
    private volatile NoteState state;

    private VolumeNote(Disk disk, Path file) {
        this.disk = disk;
        this.file = file;
        this.state = disk.exists(file) ? read() : NoteState.EMPTY;
    }

    /**
     * Opens a note, an empty one when there is none.
     *
     * @throws UncheckedIOException when it holds something else
     * @throws io.keepup.volume.VolumeException when the disk cannot read it
     */
    public static VolumeNote open(Disk disk, Path directory, String volumeId) {
        return new VolumeNote(disk, directory.resolve(volumeId));
    }

    private NoteState read() {
        try (DiskFile content = disk.open(file, false)) {
            ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(content.size()));
            content.read(bytes, 0);
            return JSON.readValue(bytes.array(), NoteState.class);
        } catch (IOException e) {
            throw new UncheckedIOException("the note %s cannot be read: remove it to forget it".formatted(file), e);
        }
    }

    public NoteState state() {
        return state;
    }

    /**
     * Changes the note; durable when it returns. An update that changes nothing writes nothing.
     *
     * @throws io.keepup.volume.VolumeException when the disk cannot write it; the note is then unchanged
     */
    public synchronized void update(UnaryOperator<NoteState> change) {
        NoteState next = change.apply(state);
        if (next.equals(state)) {
            return;
        }
        Path fresh = file.resolveSibling(file.getFileName() + ".new");
        try (DiskFile content = disk.open(fresh, true)) {
            content.setSize(0);
            content.write(ByteBuffer.wrap(bytes(next)), 0);
            content.force();
        }
        disk.rename(fresh, file);
        disk.syncDirectory(file.getParent());
        state = next;
    }

    private static byte[] bytes(NoteState state) {
        try {
            return JSON.writeValueAsBytes(state);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a note has no JSON form", e);
        }
    }
}
