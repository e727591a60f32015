package io.keepup.node.hosting;

import io.keepup.node.NodeContext;
import io.keepup.node.NodeCounter;
import io.keepup.node.NodeSettings;
import io.keepup.node.event.FaultReport;
import io.keepup.node.event.NodeClosingException;
import io.keepup.node.event.RoleRefusedException;
import io.keepup.node.note.VolumeNote;
import io.keepup.node.primary.PrimaryVolume;
import io.keepup.node.replica.LiveLane;
import io.keepup.node.replica.ReplicaVolume;
import io.keepup.schemas.topic.Names;
import io.keepup.service.failure.Backoff;
import io.keepup.service.failure.RepeatedFailureLog;
import io.keepup.v1.NodeFault;
import io.keepup.volume.Volume;
import io.keepup.volume.VolumeException;
import io.keepup.volume.VolumeRole;
import io.keepup.volume.VolumeSpec;
import io.keepup.volume.disk.Disk;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
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
    private static final RepeatedFailureLog failures = new RepeatedFailureLog(log);
    private static final long DEFAULT_SIZE = 1L << 30;
    private static final int DEFAULT_BLOCK_SIZE = 4096;
    private static final Duration ANSWER_TICK = Duration.ofMillis(50);
    private static final Duration FAULT_TICK = Duration.ofMillis(500);
    private static final Duration RESUME_RETRY = Duration.ofSeconds(1);
    /** Stands among the notes; no volume has such an id. */
    private static final String LOOKED_UP = ".looked-up";

    /** Above all ids of nodes that took them from their clock, in microseconds. */
    private static final long FIRST_SYNC_ID = 1L << 52;
    /** Each start has so many bits of ids of its own, which rise from one to the next whatever any clock shows [G5]. */
    private static final int SYNC_ID_BITS = 40;

    private static final Duration CLOSE = Duration.ofSeconds(3);

    private final NodeContext context;
    private final Path volumesDir;
    private final Path notesDir;
    private final LiveLane liveLane;
    private final Producer<byte[], byte[]> walProducer;
    private final AtomicLong syncIds;
    private final Map<String, HostedVolume> volumes = new ConcurrentSkipListMap<>();
    private final Map<String, FaultReport> unopened = new ConcurrentSkipListMap<>();
    private final Map<String, Refusal> refused = new ConcurrentSkipListMap<>();
    private final CompletableFuture<Void> closing = new CompletableFuture<>();
    /** What runs until the host closes. */
    private final List<CompletableFuture<Void>> clockwork = new CopyOnWriteArrayList<>();

    private record Refusal(long epoch, FaultReport report) {}

    public VolumeHost(NodeContext context, Path volumesDir, Path notesDir) {
        this.context = context;
        this.volumesDir = volumesDir;
        this.notesDir = notesDir;
        this.liveLane = new LiveLane(context);
        this.walProducer = context.kafka().laneProducer("wal");
        this.syncIds = new AtomicLong(FIRST_SYNC_ID + (context.start() << SYNC_ID_BITS));
    }

    /** Opens every volume on disk. One that cannot be opened is reported and does not stop the others. */
    public void openAll() {
        Disk disk = context.storage().disk();
        disk.createDirectories(volumesDir);
        disk.createDirectories(notesDir);
        List<Path> found = disk.list(volumesDir).stream()
                .filter(disk::isDirectory)
                .filter(directory -> Names.valid(directory.getFileName().toString())) // lost+found is none
                .toList();
        context.storage().handles().shortage(found.size()).ifPresent(log::warn);
        found.forEach(this::open);
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

    /**
     * This node does not take the role that it was given in an epoch, and reports why; the same again says nothing new.
     *
     * @throws io.keepup.node.event.PublishException when it cannot be reported: to be called again
     */
    public void refuse(String volumeId, long epoch, FaultReport why) {
        Refusal known = refused.get(volumeId);
        if (known != null && known.epoch == epoch && known.report.fault() == why.fault()) {
            return;
        }
        context.events().roleRefused(volumeId, epoch, why);
        refused.put(volumeId, new Refusal(epoch, why));
        context.metrics().count(NodeCounter.VOLUME_ERRORS);
        failures.error(
                "role refused, " + why.fault(),
                "Volume %s is not served in epoch %s, %s: %s".formatted(volumeId, epoch, why.fault(), why.detail()));
    }

    /** Why a volume on the disk could not be opened; empty when it could, or is not there. */
    public Optional<FaultReport> unopened(String volumeId) {
        return Optional.ofNullable(unopened.get(volumeId));
    }

    /** The volume was given a role it can be served in. */
    public void accept(String volumeId) {
        refused.remove(volumeId);
    }

    private void open(Path directory) {
        String volumeId = directory.getFileName().toString();
        Volume volume = null;
        try {
            requireHandles(volumeId);
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
        unopened.put(volumeId, new FaultReport(NodeFault.volume_unreadable, String.valueOf(failure.getMessage())));
        context.metrics().count(NodeCounter.VOLUME_ERRORS);
        failures.error("opening", "Volume %s is not served: %s".formatted(volumeId, failure.getMessage()), failure);
    }

    /** Goes on in the roles found on disk and starts the clockwork. */
    public void start() {
        liveLane.start();
        volumes.values().forEach(this::resume);
        unopened.forEach(this::reportUnopened);
        every(context.settings().get(NodeSettings.SYNC_INTERVAL), "ask", v -> v.primary()
                .ifPresent(PrimaryVolume::tick));
        every(ANSWER_TICK, "answer", v -> v.replica().ifPresent(ReplicaVolume::tick));
        every(FAULT_TICK, "faults", this::reportFault);
        runs("clockwork-probe", this::probeDisks);
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

    /** A role refused in the volume's own epoch is what the fold has to know of it, until it is taken. */
    private void reportFault(HostedVolume volume) {
        Refusal refusal = refused.get(volume.volumeId());
        if (refusal == null || refusal.epoch != volume.status().epoch()) {
            volume.reportFault();
        }
    }

    private void probeDisks() {
        Duration interval = context.settings().get(NodeSettings.DISK_PROBE);
        while (!context.tasks().await(closing, interval)) {
            Map<Object, List<HostedVolume>> byFileSystem = new HashMap<>();
            volumes.values()
                    .forEach(v -> guarded(v, volume -> byFileSystem
                            .computeIfAbsent(fileSystem(volume), any -> new ArrayList<>())
                            .add(volume)));
            byFileSystem.values().forEach(this::probe);
        }
    }

    private Object fileSystem(HostedVolume volume) {
        return context.storage().disk().fileSystem(volumesDir.resolve(volume.volumeId()));
    }

    /** One volume speaks for all on its file system, unless its change is not taken: then each has to find out for itself. */
    private void probe(List<HostedVolume> together) {
        boolean taken = false;
        for (HostedVolume volume : together) {
            if (!taken || volume.awaitsProbe()) {
                taken |= volume.probe();
            }
        }
    }

    private void resume(HostedVolume volume) {
        untilDone("resume-" + volume.volumeId(), volume.volumeId(), volume::resume);
    }

    /** In the epoch that its note has: what the volume itself has cannot be read. */
    private void reportUnopened(String volumeId, FaultReport why) {
        untilDone("report-" + volumeId, volumeId, () -> {
            long epoch = VolumeNote.open(context.storage().disk(), notesDir, volumeId)
                    .state()
                    .epoch();
            if (epoch > 0) {
                context.events().roleRefused(volumeId, epoch, why);
            }
        });
    }

    /** Does it now, or when that fails, in the background until it succeeds. */
    private void untilDone(String task, String volumeId, Runnable work) {
        if (!guarded(volumeId, work)) {
            runs(task, () -> {
                boolean done = false;
                Backoff backoff = new Backoff(RESUME_RETRY);
                while (!done && !context.tasks().await(closing, backoff.failed())) {
                    done = guarded(volumeId, work);
                }
            });
        }
    }

    private void runs(String what, Runnable work) {
        clockwork.add(context.tasks().start("keepup-%s-%s".formatted(context.nodeId(), what), work));
    }

    /** One volume's trouble stays its own; false when there was some. */
    private boolean guarded(HostedVolume volume, Consumer<HostedVolume> work) {
        return guarded(volume.volumeId(), () -> work.accept(volume));
    }

    private boolean guarded(String volumeId, Runnable work) {
        try {
            work.run();
            return true;
        } catch (NodeClosingException e) {
            log.debug("Volume {}: stopped at its work", volumeId, e);
        } catch (RuntimeException e) {
            context.metrics().count(NodeCounter.VOLUME_ERRORS);
            failures.error("work", "Volume %s: %s".formatted(volumeId, e.getMessage()), e);
        }
        return false;
    }

    /**
     * The volume, made now if this node never had it. One that is there keeps its size, whatever is asked for [P10]; but as
     * nothing was ever written to it, a replica makes it anew in the size of its volume.
     *
     * @param sizeBytes 0 for the default of 1 GiB
     * @param blockSize 0 for the default of 4096 bytes
     * @throws RoleRefusedException when a replica has data, and another size
     * @throws VolumeException when it cannot be made, or was there and could not be opened
     */
    public synchronized HostedVolume open(String volumeId, long sizeBytes, int blockSize, long epoch, VolumeRole role) {
        HostedVolume known = volumes.get(volumeId);
        VolumeSpec asked = new VolumeSpec(
                volumeId, sizeBytes == 0 ? DEFAULT_SIZE : sizeBytes, blockSize == 0 ? DEFAULT_BLOCK_SIZE : blockSize);
        if (known != null) {
            boolean fits = sizeBytes == 0 || known.spec().equals(asked);
            boolean follows = role == VolumeRole.REPLICA && known.takes(epoch, role);
            return fits || !follows ? known : resized(known, asked);
        }
        FaultReport why = unopened.get(volumeId);
        if (why != null) {
            throw new VolumeException(
                    VolumeException.Kind.IO_ERROR,
                    "volume %s could not be opened: %s".formatted(volumeId, why.detail()));
        }
        requireHandles(volumeId);
        return made(asked);
    }

    /**
     * Refuses to open one volume more than there are file handles for, so that those served go on, and HTTP and Kafka too.
     *
     * @throws VolumeException when there are none left for a volume that is not open
     */
    public void requireHandles(String volumeId) {
        if (!volumes.containsKey(volumeId)) {
            context.storage().handles().require(volumeId, volumes.size());
        }
    }

    private HostedVolume resized(HostedVolume known, VolumeSpec asked) {
        String volumeId = asked.volumeId();
        if (!known.pristine()) {
            throw otherSize(known, asked);
        }
        volumes.remove(volumeId);
        known.stop();
        try {
            known.discard();
        } catch (VolumeException e) {
            volumes.put(volumeId, known);
            if (known.pristine()) {
                throw e; // its disk, which says why
            }
            resume(known); // an entry came before its receiver had stopped
            throw otherSize(known, asked);
        }
        return made(asked);
    }

    private static RoleRefusedException otherSize(HostedVolume known, VolumeSpec asked) {
        return new RoleRefusedException(new FaultReport(
                NodeFault.size_mismatch,
                "this copy of volume %s has data and %s bytes in blocks of %s, not %s in blocks of %s: assign it as primary to keep it, or delete it on this node to have it rebuilt"
                        .formatted(
                                asked.volumeId(),
                                known.spec().sizeBytes(),
                                known.spec().blockSize(),
                                asked.sizeBytes(),
                                asked.blockSize())));
    }

    private HostedVolume made(VolumeSpec spec) {
        String volumeId = spec.volumeId();
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

    /** Volumes that are not served as they should be, with the reason: not opened, not in the role they were given, or with a fault. */
    public Map<String, FaultReport> notServed() {
        Map<String, FaultReport> all = new TreeMap<>();
        volumes.forEach((id, volume) -> {
            FaultReport fault = volume.fault();
            if (fault.present()) {
                all.put(id, fault);
            }
        });
        refused.forEach((id, refusal) -> all.put(id, refusal.report));
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
