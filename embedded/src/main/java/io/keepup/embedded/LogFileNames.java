package io.keepup.embedded;

import io.keepup.embedded.EmbeddedStartException.Reason;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Kafka names the files of a log by offsets, in the digits of the JVM's locale, and takes a log whose files are named in others for an
 * empty one. Here they are all named in ASCII digits, and those that were not are renamed before a broker looks at them.
 */
final class LogFileNames {

    private LogFileNames() {}

    /**
     * Renames, durably, what lies in the directories of the logs under other digits.
     *
     * @param logs the broker's log directory, which may be absent
     * @throws EmbeddedStartException DIRECTORY_UNUSABLE when two files would have the same name; then none was renamed
     */
    static void toAsciiDigits(Path logs) throws IOException {
        if (!Files.isDirectory(logs)) {
            return;
        }
        Map<Path, Path> renames = new TreeMap<>();
        try (Stream<Path> files = Files.find(logs, 2, (path, attributes) -> attributes.isRegularFile())) {
            for (Path file : (Iterable<Path>) files::iterator) {
                Path ascii = file.resolveSibling(asciiDigits(file.getFileName().toString()));
                if (!ascii.equals(file) && (Files.exists(ascii) || renames.containsValue(ascii))) {
                    throw new EmbeddedStartException(
                            Reason.DIRECTORY_UNUSABLE,
                            "cannot start the Kafka broker on %s: %s was written under another locale, and a file %s exists too; move the one that is not wanted out of the directory"
                                    .formatted(logs, file, ascii.getFileName()));
                }
                if (!ascii.equals(file)) {
                    renames.put(file, ascii);
                }
            }
        }
        for (Map.Entry<Path, Path> rename : renames.entrySet()) {
            Files.move(rename.getKey(), rename.getValue(), StandardCopyOption.ATOMIC_MOVE);
        }
        for (Path directory :
                renames.keySet().stream().map(Path::getParent).distinct().toList()) {
            try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
                channel.force(true);
            }
        }
    }

    private static String asciiDigits(String name) {
        return name.codePoints()
                .map(c -> Character.isDigit(c) ? '0' + Character.digit(c, 10) : c)
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
    }
}
