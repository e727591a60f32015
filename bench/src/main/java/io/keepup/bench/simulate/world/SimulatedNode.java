package io.keepup.bench.simulate.world;

import io.keepup.bench.simulate.log.Link;
import io.keepup.bench.simulate.log.SimulatedClients;
import io.keepup.bench.simulate.log.SimulatedLanes;
import io.keepup.bench.simulate.log.SimulatedLog;
import io.keepup.bench.simulate.time.Process;
import io.keepup.bench.simulate.time.Scheduler;
import io.keepup.node.NodeContext;
import io.keepup.node.NodeCore;
import io.keepup.node.NodeSettings;
import io.keepup.node.event.FaultReport;
import io.keepup.node.hosting.HostedVolume;
import io.keepup.node.note.StartNumber;
import io.keepup.node.world.Storage;
import io.keepup.schemas.codec.RecordCodec;
import io.keepup.volume.VolumeException;
import io.keepup.volume.VolumeTuning;
import io.keepup.volume.disk.SimulatedDisk;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.clients.producer.ProducerRecord;

/** One machine: a disk that outlives its processes, a link to the log, and the real node that runs on it, or none. */
public final class SimulatedNode {

    private static final Path DIRECTORY = Path.of("/node");
    private static final Path NOTES = DIRECTORY.resolve("notes");
    private static final Duration START_AGAIN = Duration.ofSeconds(1);
    private static final Duration CLOSE_LIMIT = Duration.ofMinutes(1);

    /** What all nodes of a history share. */
    record World(
            Scheduler time,
            SimulatedLog log,
            RecordCodec codec,
            VolumeTuning tuning,
            Map<String, String> settings,
            long seed,
            Observer observer) {}

    /** Sees what a node does, in the turn in which it does it. */
    public interface Observer {
        /** It hands a record to its producer. */
        void sends(SimulatedNode node, ProducerRecord<byte[], byte[]> record);

        /** It deleted from a lane: the records from one offset to before another. */
        void deleted(SimulatedNode node, String topic, long from, long to);

        /** Its process is about to end, its disk about to be what a crash leaves. */
        void dies(SimulatedNode node);

        /** Its volumes are open again. */
        void opened(SimulatedNode node);
    }

    private final World world;
    private final String id;
    private final Link link;
    private final Clock clock;
    private Duration skew;
    private SimulatedDisk disk = new SimulatedDisk();
    private int starts;
    private Process process;
    private NodeDisk running;
    private NodeCore core;
    private boolean closing;
    private boolean powerGone;
    private boolean diskFailed;

    SimulatedNode(World world, String id, Duration skew) {
        this.world = world;
        this.id = id;
        this.link = new Link(world.time, id);
        this.skew = skew;
        this.clock = world.time.clock(() -> this.skew);
    }

    public String id() {
        return id;
    }

    public Link link() {
        return link;
    }

    /** Whether a process runs; it may still be starting. */
    public boolean up() {
        return process != null && process.alive();
    }

    /** Whether it is up and has opened its volumes. */
    public boolean serves() {
        return up() && core != null;
    }

    /** The power went in mid-change and nobody has cleared up yet. */
    public boolean powerGone() {
        return powerGone;
    }

    /** Number of processes started so far. */
    public int starts() {
        return starts;
    }

    /** The volume, while a process serves it. */
    public Optional<HostedVolume> volume(String volumeId) {
        return serves() ? core.host().volume(volumeId) : Optional.empty();
    }

    /** Whether the process is ending in good order, which may take its time. */
    public boolean closing() {
        return closing;
    }

    /** Why a volume is on the disk and not served; empty when it is served, or not there. */
    public Optional<String> unopened(String volumeId) {
        return serves() ? core.host().unopened(volumeId).map(FaultReport::detail) : Optional.empty();
    }

    /** From now on its disk is not what it was asked to be, until the next process opens it. */
    void diskFails() {
        diskFailed = true;
    }

    /** Whether the disk failed under the process before this one. */
    public boolean diskFailed() {
        return diskFailed;
    }

    /** The disk under it all. */
    public SimulatedDisk disk() {
        return disk;
    }

    // ------------------------------------------------------- life and death

    /** Starts a process, which tries until it runs. No-op when there is one. */
    void start() {
        if (up()) {
            return;
        }
        starts++;
        Process started = world.time.process("%s.%s".formatted(id, starts));
        process = started;
        running = new NodeDisk(disk, started, this::powerGoes);
        powerGone = false;
        core = null;
        started.start("start", () -> open(started));
    }

    private void powerGoes() {
        world.observer.dies(this);
        powerGone = true;
    }

    private void open(Process started) {
        while (true) {
            try {
                NodeCore opened = NodeCore.open(context(started), DIRECTORY.resolve("volumes"), NOTES);
                core = opened;
                world.observer.opened(this);
                diskFailed = false;
                opened.start();
                return;
            } catch (VolumeException | org.apache.kafka.common.KafkaException e) {
                core = null;
                started.await(new CompletableFuture<>(), START_AGAIN); // as whoever supervises it would
            }
        }
    }

    private NodeContext context(Process started) {
        NodeSettings settings = new NodeSettings(id, DIRECTORY, "log", "http://registry", "node:0", world.settings);
        return NodeContext.of(
                settings,
                StartNumber.next(running, NOTES),
                clock,
                started,
                new SimulatedClients(
                        world.time, world.log, link, started, world.seed, record -> world.observer.sends(this, record)),
                new SimulatedLanes(
                        world.time,
                        world.log,
                        link,
                        started,
                        (topic, from, to) -> world.observer.deleted(this, topic, from, to)),
                new Storage(running, world.tuning),
                world.codec);
    }

    /** The process is killed; what the operating system was given stays. */
    void kill() {
        end(SimulatedDisk.Unsynced.KEPT, 0);
    }

    /** The machine loses its power. */
    void powerCut(SimulatedDisk.Unsynced unsynced, long seed) {
        end(unsynced, seed);
    }

    private void end(SimulatedDisk.Unsynced unsynced, long seed) {
        if (process == null) {
            return;
        }
        if (process.alive()) {
            world.observer.dies(this);
        }
        process.kill();
        process = null;
        core = null;
        powerGone = false;
        disk.heal();
        disk = disk.afterPowerCut(unsynced, seed);
    }

    /** The power goes in the {@code nth} change of the disk from now; whoever watches {@link #powerGone} clears up. */
    void cutPowerAt(int nth) {
        if (up()) {
            running.cutAt(nth);
        }
    }

    /** The disk is full for now, or has room again; a process that starts finds room. */
    void diskFull(boolean full) {
        if (up()) {
            running.full(full);
        }
    }

    /** Ends the process in good order; returns when it has ended. */
    void close() {
        NodeCore open = core;
        if (!serves() || open == null) {
            kill();
            return;
        }
        Process ending = process;
        closing = true;
        world.time.world().await(run("close", open::close), CLOSE_LIMIT);
        closing = false;
        if (process == ending) {
            kill();
        }
    }

    /** Somebody sets its clock. */
    void stepClock(Duration by) {
        skew = skew.plus(by);
    }

    /** All that was on the disk is gone. Only while no process runs. */
    void wipe() {
        disk = new SimulatedDisk();
    }

    /** Has the node's process do something, as a client's request would, and does not wait for it. */
    CompletableFuture<Void> run(String name, Runnable work) {
        return process.start(name, () -> {
            try {
                work.run();
            } catch (RuntimeException e) {
                if (!Writer.isRefusal(e)) {
                    throw e;
                }
            }
        });
    }

    @Override
    public String toString() {
        return id;
    }
}
