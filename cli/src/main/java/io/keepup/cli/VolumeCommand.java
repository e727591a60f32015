package io.keepup.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.keepup.cli.audit.ProgressLine;
import io.keepup.node.NodeAddress;
import io.keepup.schemas.topic.Names;
import io.keepup.streams.audit.Progress;
import io.keepup.volume.Digest;
import io.keepup.volume.Volume;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Locale;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code keepup volume write|read|checksum|scrub}. */
@Command(
        name = "volume",
        description = "Block I/O through a node, and digests of volumes.",
        mixinStandardHelpOptions = true,
        subcommands = {
            VolumeCommand.Write.class,
            VolumeCommand.Read.class,
            VolumeCommand.Checksum.class,
            ScrubCommand.class
        })
final class VolumeCommand implements Runnable {

    private static final long MIB = 1 << 20;

    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "say which: write, read, checksum or scrub");
    }

    /** Which node: by its address, or by its directory on this machine. */
    static final class Where {
        @Option(names = "--at", required = true, paramLabel = "HOST:PORT", description = "Data address of the node.")
        private String address;

        @Option(names = "--data", required = true, paramLabel = "DIR", description = "Directory of the node.")
        private Path directory;

        String address() {
            if (address != null) {
                return address;
            }
            return NodeAddress.read(directory)
                    .orElseThrow(
                            () -> new Failure("no node runs on %s: start it with 'keepup node'".formatted(directory)));
        }
    }

    /** What all three share. */
    abstract static class OnVolume implements Runnable {
        @Spec
        private CommandSpec spec;

        @Parameters(paramLabel = "VOLUME", description = "Volume id.")
        private String volumeId;

        @ArgGroup(multiplicity = "1")
        private Where where;

        String volumeId() {
            if (!Names.valid(volumeId)) {
                throw new ParameterException(
                        spec.commandLine(), "'%s' is not a volume id: use %s".formatted(volumeId, Names.RULE_IN_WORDS));
            }
            return volumeId;
        }

        Where where() {
            return where;
        }

        void require(boolean holds, String otherwise) {
            if (!holds) {
                throw new ParameterException(spec.commandLine(), otherwise);
            }
        }

        /** File system exceptions often have a path for a message, and say what is wrong by their class only. */
        static String reason(IOException e) {
            return e instanceof NoSuchFileException ? "there is no such file or directory" : e.toString();
        }

        BlockClient client() {
            return new BlockClient(where.address(), volumeId());
        }

        /** Refuses, before anything is done, what the volume's end is in the way of. */
        void requireInside(JsonNode status, long lba, long blocks) {
            long all =
                    status.path("sizeBytes").asLong() / status.path("blockSize").asLong();
            require(
                    lba < all && blocks <= all - lba,
                    "%s blocks from block %s on are not all in volume %s, which has %s"
                            .formatted(blocks, lba, volumeId(), all));
        }
    }

    /** Writes whole blocks through the primary. */
    @Command(
            name = "write",
            description = "Write whole blocks through the primary, from a file or standard input.",
            mixinStandardHelpOptions = true)
    static final class Write extends OnVolume {
        private static final int CHUNK = 1 << 20;

        @Option(names = "--lba", defaultValue = "0", description = "First block (default: ${DEFAULT-VALUE}).")
        private long lba;

        @Option(names = "--in", paramLabel = "FILE", description = "Data to write (default: standard input).")
        private Path in;

        @Option(names = "--barrier", description = "Return only when a majority of copies is durable.")
        private boolean barrier;

        @Override
        public void run() {
            require(lba >= 0, "--lba must be 0 or more, not " + lba);
            ProgressLine progress = new ProgressLine(Terminal.standard(), System.err, System::nanoTime);
            try (BlockClient client = client();
                    var data = in == null ? System.in : Files.newInputStream(in)) {
                JsonNode status = client.status();
                int blockSize = status.path("blockSize").asInt();
                long total = in == null ? Progress.UNKNOWN : Files.size(in) / MIB;
                requireInside(status, lba, in == null ? 1 : Math.ceilDiv(Files.size(in), blockSize));
                long next = lba;
                long lsn = 0;
                byte[] chunk = data.readNBytes(CHUNK);
                if (chunk.length == 0) {
                    throw new Failure("there is nothing to write: the input is empty");
                }
                while (chunk.length > 0) {
                    if (chunk.length % blockSize != 0) {
                        throw new Failure(
                                "the data is not a multiple of the block size %s: %s bytes are left over at block %s"
                                        .formatted(
                                                blockSize, chunk.length % blockSize, next + chunk.length / blockSize));
                    }
                    byte[] following = data.readNBytes(CHUNK);
                    lsn = client.write(next, chunk, barrier && following.length == 0);
                    next += chunk.length / blockSize;
                    chunk = following;
                    progress.at("writing %s (MiB)".formatted(volumeId()), (next - lba) * blockSize / MIB, total);
                }
                progress.end();
                System.out.printf(Locale.ROOT, "blocks %d to %d written, LSN %d%n", lba, next - 1, lsn);
            } catch (IOException e) {
                throw new Failure("cannot read %s: %s".formatted(in == null ? "standard input" : in, reason(e)), e);
            } finally {
                progress.end();
            }
        }
    }

    /** Reads whole blocks. */
    @Command(
            name = "read",
            description = "Read whole blocks, to a file or standard output.",
            mixinStandardHelpOptions = true)
    static final class Read extends OnVolume {
        private static final int CHUNK_BLOCKS = 256;

        @Option(names = "--lba", defaultValue = "0", description = "First block (default: ${DEFAULT-VALUE}).")
        private long lba;

        @Option(names = "--blocks", defaultValue = "1", description = "How many (default: ${DEFAULT-VALUE}).")
        private long blocks;

        @Option(names = "--out", paramLabel = "FILE", description = "Where to (default: standard output).")
        private Path out;

        @Override
        public void run() {
            require(lba >= 0, "--lba must be 0 or more, not " + lba);
            require(blocks > 0, "--blocks must be 1 or more, not " + blocks);
            try (BlockClient client = client()) {
                requireInside(client.status(), lba, blocks);
                read(client);
            } catch (IOException e) {
                throw new Failure("cannot write %s: %s".formatted(out == null ? "standard output" : out, reason(e)), e);
            }
        }

        private void read(BlockClient client) throws IOException {
            Terminal terminal = Terminal.standard();
            ProgressLine progress = new ProgressLine(terminal, System.err, System::nanoTime);
            boolean shown = out != null || !terminal.interactive(); // not in the midst of the data
            try (OutputStream target = out == null ? System.out : Files.newOutputStream(out)) {
                for (long done = 0; done < blocks; done += CHUNK_BLOCKS) {
                    target.write(client.read(lba + done, Math.min(CHUNK_BLOCKS, blocks - done)));
                    if (shown) {
                        progress.at("reading %s (blocks)".formatted(volumeId()), done, blocks);
                    }
                }
                target.flush();
            } finally {
                progress.end();
            }
        }
    }

    /** Digest of one copy. */
    @Command(
            name = "checksum",
            description = "SHA-256 over one node's copy of a volume; the node may run or not.",
            mixinStandardHelpOptions = true)
    static final class Checksum extends OnVolume {
        @Option(names = "--json", description = "Print JSON.")
        private boolean json;

        @Override
        public void run() {
            Path directory = where().directory;
            if (directory != null && NodeAddress.read(directory).isEmpty()) {
                Path onDisk = NodeAddress.volume(directory, volumeId());
                ProgressLine progress = new ProgressLine(Terminal.standard(), System.err, System::nanoTime);
                try (Volume volume = Volume.open(onDisk)) {
                    long total = volume.status().spec().sizeBytes() / MIB;
                    Digest digest = volume.digest(
                            bytes -> progress.at("digesting %s (MiB)".formatted(volumeId()), bytes / MIB, total));
                    progress.end();
                    print(digest.sha256(), digest.lsn());
                } finally {
                    progress.end();
                }
                return;
            }
            try (BlockClient client = client()) {
                var digest = client.digest();
                print(digest.path("sha256").asText(), digest.path("lsn").asLong());
            }
        }

        private void print(String sha256, long lsn) {
            if (json) {
                System.out.println(JsonNodeFactory.instance
                        .objectNode()
                        .put("volumeId", volumeId())
                        .put("sha256", sha256)
                        .put("lsn", lsn));
                return;
            }
            System.out.printf(Locale.ROOT, "%s  %s at LSN %d%n", sha256, volumeId(), lsn);
        }
    }
}
