package io.keepup.cli;

import io.keepup.cli.demo.Demo;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code keepup demo}: everything in one process, and a story. */
@Command(
        name = "demo",
        description = "Run everything in one process and watch a volume being kept in step.",
        mixinStandardHelpOptions = true)
final class DemoCommand implements Runnable {

    private static final long BLOCK_SIZE = 4096;
    private static final long MIN_SIZE = 1 << 20;

    @Spec
    private CommandSpec spec;

    @Option(names = "--exit", description = "Leave at the end: 0 only when all copies are equal.")
    private boolean exit;

    @Option(
            names = "--size",
            paramLabel = "SIZE",
            converter = Sizes.class,
            defaultValue = "64MiB",
            description = "Size of the volume (default: ${DEFAULT-VALUE}).")
    private long size;

    @Option(
            names = "--http",
            paramLabel = "PORT",
            converter = Ports.class,
            defaultValue = "8080",
            description = "Port of the page on loopback, 0 for any free one (default: ${DEFAULT-VALUE}).")
    private int httpPort;

    @Option(names = "--report", paramLabel = "FILE", description = "Write the outcome as JSON.")
    private Path report;

    @Override
    public void run() {
        if (size < MIN_SIZE || size % BLOCK_SIZE != 0) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--size %s is not a multiple of the block size %s, or less than 1MiB".formatted(size, BLOCK_SIZE));
        }
        if (report != null
                && (Files.isDirectory(report)
                        || !Files.isWritable(report.toAbsolutePath().getParent()))) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--report %s cannot be written: name a file in a directory that exists and is yours"
                            .formatted(report));
        }
        Ports.requireFree(httpPort, "page", "--http");
        Running.until(running -> {
            Terminal terminal = Terminal.standard();
            Demo demo = running.closing(Demo.start(terminal, size, httpPort));
            boolean equal = demo.play(report);
            if (!equal) {
                throw new Failure("the copies are not equal: see the digests above");
            }
            if (exit) {
                running.end();
            } else {
                terminal.line("");
                terminal.line("The page stays up at %s; Ctrl-C ends it.".formatted(demo.pageUrl()));
            }
        });
    }
}
