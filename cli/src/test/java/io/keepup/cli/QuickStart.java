package io.keepup.cli;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;

/**
 * Has {@code keepup} processes share an archive of loaded classes, as the launcher does, so that many can be started in a short
 * time. The JVM archives classes of jars only, so directories of classes are put into jars first.
 */
public final class QuickStart {

    private final Path directory;
    private final List<String> java;

    /** @param directory for the archive, the jars and the output of processes */
    public QuickStart(Path directory) {
        this.directory = directory;
        String tests = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        List<String> jars = new ArrayList<>();
        for (String entry : tests.split(File.pathSeparator)) {
            Path path = Path.of(entry);
            if (!Files.isDirectory(path)) {
                jars.add(entry);
            } else if (path.endsWith("classes")) {
                jars.add(jar(path, directory.resolve(jars.size() + ".jar")).toString());
            }
        }
        this.java = List.of(
                "-XX:+AutoCreateSharedArchive",
                "-XX:SharedArchiveFile=" + directory.resolve("keepup.jsa"),
                "-Xshare:auto",
                "-Xlog:cds*=off",
                "-Xlog:aot*=off",
                "-cp",
                String.join(File.pathSeparator, jars));
    }

    /** Starts a command. The first that ends in an orderly way leaves the archive. */
    public KeepupProcess start(Object... arguments) {
        return KeepupProcess.start(directory, java, arguments);
    }

    private static Path jar(Path classes, Path jar) {
        try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar));
                Stream<Path> files = Files.walk(classes)) {
            for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
                out.putNextEntry(new JarEntry(classes.relativize(file).toString()));
                Files.copy(file, out);
                out.closeEntry();
            }
            return jar;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
