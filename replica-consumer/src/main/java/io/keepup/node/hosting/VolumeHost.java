package io.keepup.node.hosting;

import io.keepup.node.NodeContext;
import io.keepup.node.NodeCounter;
import io.keepup.node.NodeSettings;
import io.keepup.node.event.NodeClosingException;
import io.keepup.node.note.VolumeNote;
import io.keepup.node.primary.PrimaryVolume;
import io.keepup.node.replica.LiveLane;
import io.keepup.node.replica.ReplicaVolume;
import io.keepup.schemas.topic.Names;
import io.keepup.volume.Volume;
import io.keepup.volume.VolumeException;
import io.keepup.volume.VolumeSpec;
import io.keepup.volume.disk.Disk;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.apache.kafka.clients.producer.Producer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** All volumes of a node, with what they share: the live lane, the WAL producer, the clockwork of syncs. Thread-safe. */
public final class VolumeHost implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(VolumeHost.class);
    private static final long DEFAULT_SIZE = 1L << 30;
    private static final int DEFAULT_BLOCK_SIZE = 4096;
    private static final Duration ANSWER_TICK = Duration.ofMillis(50);
    private static final Duration RESUME_RETRY = Duration.ofSeconds(1);
    /** Stands among the notes; no volume has such an id. */
    private static final String LOOKED_UP = ".looked-up";

    private static final Duration CLOSE = Duration.ofSeconds(3);

    private final NodeContext context;
    private final Path volumesDir;
    private final Path notesDir;
    private final LiveLane liveLane;
    private final Producer<byte[], byte[]> walProducer;
    private final AtomicLong syncIds;
    private final Map<String, HostedVolume> volumes = new ConcurrentSkipListMap<>();
    private final Map<String, String> unopened = new ConcurrentSkipListMap<>();
    private final Map<String, String> refused = new ConcurrentSkipListMap<>();
    private final CompletableFuture<Void> closing = new CompletableFuture<>();
    /** What runs until the host closes. */
    private final List<CompletableFuture<Void>> clockwork = new CopyOnWriteArrayList<>();

    public VolumeHost(NodeContext context, Path volumesDir, Path notesDir) {
        this.context = context;
        this.volumesDir = volumesDir;
        this.notesDir = notesDir;
        this.liveLane = new LiveLane(context);
        this.walProducer = context.kafka().laneProducer("wal");
        // Rising over restarts [G5]: a process asks fewer than 1,000 times a millisecond.
        this.syncIds = new AtomicLong(context.clock().millis() * 1_000);
    }

    /** Opens every volume on disk. One that cannot be opened is reported and does not stop the others. */
    public void openAll() {
        Disk disk = context.storage().disk();
        disk.createDirectories(volumesDir);
        disk.createDirectories(notesDir);
        disk.list(volumesDir).stream()
                .filter(disk::isDirectory)
                .filter(directory -> Names.valid(directory.getFileName().toString())) // lost+found is none
                .forEach(this::open);
    }

    /**
     * Whether volumes may be gone from the disk: it was not yet looked up what this node had before, or one that it has a note of
     * is not there.
     */
    public boolean someMayBeGone() {
        Disk disk = context.storage().disk();
        return !disk.exists(notesDir.resolve(LOOKED_UP))
                || disk.list(notesDir).stream()
                        .map(note -> note.getFileName().toString())
                        .anyMatch(volumeId -> Names.valid(volumeId) && !holds(volumeId));
    }

    /** What this node had before is about to be made again: until it is, every start looks it up anew. Durable. */
    public void lookingUp() {
        Disk disk = context.storage().disk();
        Path mark = notesDir.resolve(LOOKED_UP);
        if (disk.exists(mark)) {
            disk.delete(mark);
            disk.syncDirectory(notesDir);
        }
    }

    /** What this node had before was looked up, and made again: from now on a volume is gone only when its note is there. Durable. */
    public void lookedUp() {
        Disk disk = context.storage().disk();
        Path mark = notesDir.resolve(LOOKED_UP);
        if (!disk.exists(mark)) {
            disk.open(mark, true).close();
            disk.syncDirectory(notesDir);
        }
    }

    /** Whether the volume is on the disk, served or not. */
    public boolean holds(String volumeId) {
        return volumes.containsKey(volumeId) || unopened.containsKey(volumeId);
    }

    /** A volume that must not be served in the role it was given, with the reason. */
    public void refuse(String volumeId, String why) {
        refused.put(volumeId, why);
        context.metrics().count(NodeCounter.VOLUME_ERRORS);
        log.error("Volume {} is not served: {}", volumeId, why);
    }

    /** The volume was given a role it can be served in. */
    public void accept(String volumeId) {
        refused.remove(volumeId);
    }

    private void open(Path directory) {
        String volumeId = directory.getFileName().toString();
        Volume volume = null;
        try {
            VolumeNote note = VolumeNote.open(context.storage().disk(), notesDir, volumeId);
            volume = context.storage().open(directory);
            String found = volume.status().spec().volumeId();
            if (!found.equals(volumeId)) { // served, it would play the part of the other a second time
                throw new IllegalStateException(
                        "its directory %s holds volume %s; move it out of %s".formatted(directory, found, volumesDir));
            }
            volumes.put(volumeId, new HostedVolume(context, volume, note, new HostRoles()));
        } catch (VolumeException e) {
            if (e.kind() == VolumeException.Kind.NOT_A_VOLUME) {
                log.warn(
                        "{} holds no volume: a crash while it was being made; it is made again when assigned",
                        directory);
                return;
            }
            notOpened(volumeId, e);
        } catch (RuntimeException e) {
            if (volume != null) {
                volume.close();
            }
            notOpened(volumeId, e);
        }
    }

    private void notOpened(String volumeId, RuntimeException failure) {
        unopened.put(volumeId, String.valueOf(failure.getMessage()));
        context.metrics().count(NodeCounter.VOLUME_ERRORS);
        log.error("Volume {} is not served: {}", volumeId, failure.getMessage(), failure);
    }

    /** Goes on in the roles found on disk and starts the clockwork. */
    public void start() {
        liveLane.start();
        volumes.values().forEach(this::resume);
        every(context.settings().get(NodeSettings.SYNC_INTERVAL), "ask", v -> v.primary()
                .ifPresent(PrimaryVolume::tick));
        every(ANSWER_TICK, "answer", v -> v.replica().ifPresent(ReplicaVolume::tick));
        Scrubber scrubber = new Scrubber(context, this::volumes, closing);
        if (scrubber.wanted()) {
            runs("scrub", scrubber);
        }
    }

    private void every(Duration interval, String what, Consumer<HostedVolume> work) {
        runs("clockwork-" + what, () -> {
            while (!context.tasks().await(closing, interval)) {
                volumes.values().forEach(v -> guarded(v, work));
            }
        });
    }

    private void resume(HostedVolume volume) {
        if (!guarded(volume, HostedVolume::resume)) {
            runs("resume-" + volume.volumeId(), () -> {
                boolean resumed = false;
                while (!resumed && !context.tasks().await(closing, RESUME_RETRY)) {
                    resumed = guarded(volume, HostedVolume::resume);
                }
            });
        }
    }

    private void runs(String what, Runnable work) {
        clockwork.add(context.tasks().start("keepup-%s-%s".formatted(context.nodeId(), what), work));
    }

    /** One volume's trouble stays its own; false when there was some. */
    private boolean guarded(HostedVolume volume, Consumer<HostedVolume> work) {
        try {
            work.accept(volume);
            return true;
        } catch (NodeClosingException e) {
            log.debug("Volume {}: stopped at its work", volume.volumeId(), e);
        } catch (RuntimeException e) {
            context.metrics().count(NodeCounter.VOLUME_ERRORS);
            log.error("Volume {}: {}", volume.volumeId(), e.getMessage(), e);
        }
        return false;
    }

    /**
     * The volume, made now if this node never had it.
     *
     * @param sizeBytes 0 for the default of 1 GiB
     * @param blockSize 0 for the default of 4096 bytes
     * @throws VolumeException when it cannot be made, or was there and could not be opened
     */
    public synchronized HostedVolume open(String volumeId, long sizeBytes, int blockSize) {
        HostedVolume known = volumes.get(volumeId);
        if (known != null) {
            return known;
        }
        String why = unopened.get(volumeId);
        if (why != null) {
            throw new VolumeException(
                    VolumeException.Kind.IO_ERROR, "volume %s could not be opened: %s".formatted(volumeId, why));
        }
        VolumeSpec spec = new VolumeSpec(
                volumeId, sizeBytes == 0 ? DEFAULT_SIZE : sizeBytes, blockSize == 0 ? DEFAULT_BLOCK_SIZE : blockSize);
        VolumeNote note = VolumeNote.open(context.storage().disk(), notesDir, volumeId);
        HostedVolume made = new HostedVolume(
                context, context.storage().create(volumesDir.resolve(volumeId), spec), note, new HostRoles());
        volumes.put(volumeId, made);
        log.info("Volume {} made: {} bytes in blocks of {}", volumeId, spec.sizeBytes(), spec.blockSize());
        return made;
    }

    public Optional<HostedVolume> volume(String volumeId) {
        return Optional.ofNullable(volumes.get(volumeId));
    }

    public Collection<HostedVolume> volumes() {
        return List.copyOf(volumes.values());
    }

    /** Volumes that are not served, or not in the role they were given, with the reason. */
    public Map<String, String> unopened() {
        Map<String, String> all = new TreeMap<>(refused);
        all.putAll(unopened);
        return all;
    }

    /** Tells everything to stop, waits for it, and closes the volumes. Sessions are left as they are [R9]. */
    @Override
    public void close() {
        closing.complete(null);
        volumes.values().forEach(HostedVolume::stop);
        walProducer.close(CLOSE);
        liveLane.close();
        volumes.values().forEach(v -> guarded(v, HostedVolume::close));
        CompletableFuture<Void> ended = CompletableFuture.allOf(clockwork.toArray(CompletableFuture[]::new));
        if (!context.tasks().await(ended, CLOSE)) {
            log.warn("the sync clockwork of node {} is still busy", context.nodeId());
        }
    }

    private final class HostRoles implements HostedVolume.Roles {
        @Override
        public PrimaryVolume primary(Volume volume, VolumeNote note, long epoch) {
            return new PrimaryVolume(context, volume, note, epoch, walProducer, syncIds);
        }

        @Override
        public ReplicaVolume replica(Volume volume, VolumeNote note, long epoch) {
            return new ReplicaVolume(context, volume, note, liveLane, epoch);
        }
    }
}
