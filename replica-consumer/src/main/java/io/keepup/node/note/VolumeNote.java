package io.keepup.node.note;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.function.UnaryOperator;

/**
 * The durable note of one volume: one small JSON file, replaced atomically and fsynced before an update returns.
 * Thread-safe.
 */
public final class VolumeNote {

    private static final ObjectMapper JSON = new ObjectMapper();

    private final Path file;
    private volatile NoteState state;

    private VolumeNote(Path file, NoteState state) {
        this.file = file;
        this.state = state;
    }

    /**
     * Opens a note, an empty one when there is none.
     *
     * @throws UncheckedIOException when it cannot be read
     */
    public static VolumeNote open(Path directory, String volumeId) {
        Path file = directory.resolve(volumeId);
        try {
            NoteState state =
                    Files.exists(file) ? JSON.readValue(Files.readAllBytes(file), NoteState.class) : NoteState.EMPTY;
            return new VolumeNote(file, state);
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
     * @throws UncheckedIOException when it cannot be written; the note is then unchanged
     */
    public synchronized void update(UnaryOperator<NoteState> change) {
        NoteState next = change.apply(state);
        if (next.equals(state)) {
            return;
        }
        try {
            Path fresh = file.resolveSibling(file.getFileName() + ".new");
            try (FileChannel channel = FileChannel.open(
                    fresh, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE)) {
                ByteBuffer bytes = ByteBuffer.wrap(JSON.writeValueAsBytes(next));
                while (bytes.hasRemaining()) {
                    channel.write(bytes);
                }
                channel.force(true);
            }
            Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            try (FileChannel directory = FileChannel.open(file.getParent(), StandardOpenOption.READ)) {
                directory.force(true);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("the note %s cannot be written".formatted(file), e);
        }
        state = next;
    }
}
