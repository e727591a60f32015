package io.keepup.architecture;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;

/** The files of the project as they are in the working tree, without what a build makes. */
final class SourceTree {

    private static final Set<String> NOT_SOURCES = Set.of(".git", "target", "node_modules", ".idea", ".vscode");

    /** The project's root. */
    static final Path ROOT =
            Path.of(System.getProperty("keepup.root", "..")).toAbsolutePath().normalize();

    private SourceTree() {}

    /** Paths relative to the root, sorted, with forward slashes. */
    static List<String> files(Predicate<String> wanted) {
        List<String> found = new ArrayList<>();
        try {
            Files.walkFileTree(ROOT, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes) {
                    return NOT_SOURCES.contains(directory.getFileName().toString())
                            ? FileVisitResult.SKIP_SUBTREE
                            : FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                    String path = ROOT.relativize(file).toString().replace('\\', '/');
                    if (wanted.test(path)) {
                        found.add(path);
                    }
                    return FileVisitResult.CONTINUE;
                }
            });
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Collections.sort(found);
        return found;
    }

    static String text(String path) {
        try {
            return Files.readString(ROOT.resolve(path));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
