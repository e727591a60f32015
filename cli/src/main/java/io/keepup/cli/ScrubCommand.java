package io.keepup.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.keepup.cli.audit.ProgressLine;
import io.keepup.node.NodeAddress;
import io.keepup.schemas.topic.Names;
import io.keepup.volume.Scrub;
import io.keepup.volume.ScrubReport;
import io.keepup.volume.Volume;
import io.keepup.volume.VolumeSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code keepup volume scrub}: reads and verifies copies of volumes that no node has open. */
@Command(
        name = "scrub",
        description = {
            "Read and verify everything in a copy of a volume; no node may run on it.",
            "What is found damaged stays noted until a rebuild. Exit code 1 when anything is."
        },
        mixinStandardHelpOptions = true)
final class ScrubCommand implements Runnable {

    private static final int MIB = 1 << 20;

    @Parameters(
            paramLabel = "DIR",
            arity = "1..*",
            description = "Directory of a volume, or of a node: then all its volumes.")
    private List<Path> directories;

    @Option(names = "--json", description = "Print JSON, one line a volume.")
    private boolean json;

    private final ProgressLine progress = new ProgressLine(Terminal.standard(), System.err, System::nanoTime);

    @Override
    public void run() {
        List<Path> all =
                directories.stream().flatMap(ScrubCommand::volumesIn).distinct().toList();
        List<String> damaged = new ArrayList<>();
        for (Path directory : all) {
            try (Volume volume = Volume.open(directory)) {
                if (!scrub(volume)) {
                    damaged.add(volume.status().spec().volumeId());
                }
            } finally {
                progress.end();
            }
        }
        if (!damaged.isEmpty()) {
            throw new Failure("damaged: " + String.join(", ", damaged)
                    + "; a replica is rebuilt at its node's next start, instead of a primary assign another");
        }
    }

    private boolean scrub(Volume volume) {
        VolumeSpec spec = volume.status().spec();
        Scrub scrub = volume.scrub();
        while (scrub.step()) {
            progress.at(
                    "scrubbing %s (MiB)".formatted(spec.volumeId()),
                    scrub.report().blocksDone() * spec.blockSize() / MIB,
                    spec.sizeBytes() / MIB);
        }
        progress.end();
        ScrubReport report = scrub.report();
        System.out.println(json ? json(spec, report) : text(spec, report));
        return report.clean();
    }

    private static ObjectNode json(VolumeSpec spec, ScrubReport report) {
        ObjectNode node = JsonNodeFactory.instance
                .objectNode()
                .put("volumeId", spec.volumeId())
                .put("blocks", report.blocksDone())
                .put("blockSize", spec.blockSize())
                .put("corruptBlocks", report.corruptBlocks());
        report.firstCorrupt().forEach(node.putArray("firstCorrupt")::add);
        return node.put("walCorrupt", report.walCorrupt()).put("clean", report.clean());
    }

    private static String text(VolumeSpec spec, ScrubReport report) {
        StringBuilder text = new StringBuilder("%s: %s blocks read, ".formatted(spec.volumeId(), report.blocksDone()));
        if (report.corruptBlocks() == 0) {
            text.append("all as written");
        } else {
            text.append("%s damaged: ".formatted(report.corruptBlocks()))
                    .append(report.firstCorrupt().stream().map(String::valueOf).collect(Collectors.joining(", ")))
                    .append(report.corruptBlocks() > report.firstCorrupt().size() ? " …" : "");
        }
        return text.append(report.walCorrupt() ? "; the WAL is damaged" : "; the WAL is whole")
                .toString();
    }

    /** A node's directory has its volumes in one below; any other is left to the volume to judge. */
    private static Stream<Path> volumesIn(Path directory) {
        Path volumes = NodeAddress.volumes(directory);
        if (!Files.isDirectory(volumes)) {
            return Stream.of(directory);
        }
        try (Stream<Path> below = Files.list(volumes)) {
            return below.filter(volume -> Names.valid(volume.getFileName().toString())).sorted().toList().stream();
        } catch (IOException e) {
            throw new Failure("cannot read %s: %s".formatted(volumes, e), e);
        }
    }
}
