package io.keepup.node.note;

import io.keepup.volume.VolumeException;
import io.keepup.volume.disk.Disk;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.regex.Pattern;

/**
 * How often a node was started on its disk: what tells this process from the ones before, whatever any clock shows. Kept in a file
 * among the notes; no volume has such an id.
 */
public final class StartNumber {

    private static final String FILE = ".starts";
    /** So few that what is made of them stays a positive 64-bit number. */
    private static final Pattern NUMBER = Pattern.compile("[0-7]?[0-9]{1,6}");

    private StartNumber() {}

    /**
     * The number of the start that calls, 1, 2, 3 …; durable when it returns.
     *
     * @param notes directory of the notes, made when absent
     * @throws VolumeException when the disk cannot read or write it, or it holds something else
     */
    public static long next(Disk disk, Path notes) {
        disk.createDirectories(notes);
        ReplacedFile file = new ReplacedFile(disk, notes.resolve(FILE));
        long number = file.exists() ? number(file) + 1 : 1;
        file.replace(Long.toString(number).getBytes(StandardCharsets.US_ASCII));
        return number;
    }

    private static long number(ReplacedFile file) {
        String text = new String(file.read(), StandardCharsets.US_ASCII).strip();
        if (!NUMBER.matcher(text).matches()) {
            throw new VolumeException(
                    VolumeException.Kind.IO_ERROR,
                    "cannot read %s: '%s' is not a number below 8000000; write one into it that is above the number of starts so far"
                            .formatted(file, text));
        }
        return Long.parseLong(text);
    }
}
