package io.keepup.node.note;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.keepup.volume.VolumeException;
import io.keepup.volume.disk.Disk;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * The durable note of one volume: one small JSON file, replaced atomically and fsynced before an update returns.
 * Thread-safe.
 */
public final class VolumeNote {

    private static final ObjectMapper JSON = new ObjectMapper();

    private final ReplacedFile file;
    private volatile NoteState state;
    private volatile VolumeException failure;

    private VolumeNote(Disk disk, Path file) {
        this.file = new ReplacedFile(disk, file);
        this.state = this.file.exists() ? read() : NoteState.EMPTY;
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
        try {
            return JSON.readValue(file.read(), NoteState.class);
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
        if (!next.equals(state)) {
            write(next);
        }
    }

    /** Why the last change could not be written; empty when it could. */
    public Optional<VolumeException> failure() {
        return Optional.ofNullable(failure);
    }

    /** After a change that could not be written: writes what the note holds, to see whether the disk takes it now. */
    public synchronized void probe() {
        if (failure != null) {
            try {
                write(state);
            } catch (VolumeException e) {
                // noted
            }
        }
    }

    private void write(NoteState next) {
        try {
            file.replace(bytes(next));
            failure = null;
        } catch (VolumeException e) {
            failure = e;
            throw e;
        }
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
