package io.keepup.node.primary;

import io.keepup.node.NodeContext;
import io.keepup.node.NodeCounter;
import io.keepup.node.base.BaseLane;
import io.keepup.node.event.NodeEvents.Gates;
import io.keepup.node.note.NoteState.Pin;
import io.keepup.node.note.NoteState.Replica;
import io.keepup.node.note.VolumeNote;
import io.keepup.node.world.Mutex;
import io.keepup.service.failure.RepeatedFailureLog;
import io.keepup.v1.CancelSession;
import io.keepup.v1.IssueCatchUp;
import io.keepup.v1.IssueRebuild;
import io.keepup.v1.SessionKind;
import io.keepup.v1.SyncAnswer;
import io.keepup.volume.Volume;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.producer.Producer;
import org.slf4j.LoggerFactory;

/** A volume in the role of primary, in one epoch: ships, asks, pins, serves bases. Thread-safe. */
public final class PrimaryVolume implements AutoCloseable {

    private static final RepeatedFailureLog failures =
            new RepeatedFailureLog(LoggerFactory.getLogger(PrimaryVolume.class));

    private final NodeContext context;
    private final Volume volume;
    private final VolumeNote note;
    private final long epoch;
    private final PinBoard pins;
    private final RetainedWal retained;
    private final BaseLane base;
    private final Barrier barrier;
    private final SyncRounds rounds;
    private final WalShipper shipper;
    private final String shipperName;
    private final Mutex lock;
    /** Done when the shipper has ended; null before it begins. */
    private CompletableFuture<Void> shipping;

    private boolean closed;

    /**
     * @param walProducer shared by all volumes of the node
     * @param syncIds shared by all volumes of the node
     */
    public PrimaryVolume(
            NodeContext context,
            Volume volume,
            VolumeNote note,
            long epoch,
            Producer<byte[], byte[]> walProducer,
            AtomicLong syncIds) {
        this.context = context;
        this.volume = volume;
        this.note = note;
        this.epoch = epoch;
        String volumeId = volume.status().spec().volumeId();
        this.lock = new Mutex(context.tasks());
        this.barrier = new Barrier(context.tasks());
        this.base = new BaseLane(context, volume, this::ask);
        this.pins = new PinBoard(volumeId, note, context.metrics(), base::ended);
        this.retained = new RetainedWal(context, volume, epoch, pins);
        this.rounds = new SyncRounds(context, volume, epoch, retained, pins, barrier, syncIds);
        this.shipper = new WalShipper(context, volume, note, epoch, retained, walProducer);
        this.shipperName = "keepup-%s-ship-%s".formatted(context.nodeId(), volumeId);
    }

    /** Goes on after a restart: with the replicas it had, and without the bases it was serving [R9]. */
    public void resume() {
        if (!note.state().configured()) {
            return;
        }
        for (Pin pin : pins.live()) {
            if (pin.kind() == SessionKind.rebuild) {
                base.abandon(pin.sessionId(), pin.replicaId(), epoch);
            }
        }
        run(note.state().replicas());
    }

    /**
     * The replicas to ship to and to ask; starts the shipper at the first call. A command that comes again changes nothing,
     * even when another has named other replicas since.
     */
    public void configure(List<Replica> replicas, String commandId) {
        note.update(state -> state.withReplicas(replicas, commandId));
        run(note.state().replicas());
    }

    private void run(List<Replica> replicas) {
        lock.run(() -> runLocked(replicas));
    }

    private void runLocked(List<Replica> replicas) {
        List<String> ids = replicas.stream().map(Replica::id).toList();
        pins.keepOnly(ids);
        rounds.replicas(ids);
        if (closed) {
            return;
        }
        if (shipping == null) {
            shipping = context.tasks().start(shipperName, shipper);
        } else if (retained.connected()) {
            String volumeId = volume.status().spec().volumeId();
            context.events().readiness(volumeId, epoch, new Gates(null, null, true, true));
        }
    }

    /** Pins the WAL of a catch-up session [N1]. */
    public void issued(IssueCatchUp command) {
        if (isReplica(command.getReplicaId())
                && pins.take(
                        command.getSessionId(), command.getReplicaId(), SessionKind.catchup, command.getPinLsn())) {
            context.tasks().start(shipperName + "-verify", this::verifyLane);
        }
    }

    /** A session that comes late, for a replica that was removed meanwhile, has nobody who would ever release its pin [G3]. */
    private boolean isReplica(String replicaId) {
        boolean known = note.state().replicas().stream().anyMatch(r -> r.id().equals(replicaId));
        if (!known) {
            context.metrics().count(NodeCounter.STALE_SESSION);
            failures.warn(
                    "no replica",
                    "Volume %s: a session of %s refused, it is no replica any more"
                            .formatted(volume.status().spec().volumeId(), replicaId));
        }
        return known;
    }

    private void verifyLane() {
        try {
            retained.verify();
        } catch (RuntimeException e) {
            failures.warn(
                    "lane not seen",
                    "Volume %s: its WAL lane cannot be looked at: %s"
                            .formatted(volume.status().spec().volumeId(), e.getMessage()));
        }
    }

    /** Pins the WAL from the head on and serves the base. */
    public void issued(IssueRebuild command) {
        long head = volume.status().durableLsn();
        if (isReplica(command.getReplicaId())
                && pins.take(command.getSessionId(), command.getReplicaId(), SessionKind.rebuild, head)) {
            base.serve(command);
        }
    }

    /** The session is over by decision. */
    public void cancelled(CancelSession command) {
        pins.release(command.getSessionId(), "cancelled, " + command.getReason());
    }

    /** A replica has answered. */
    public void answered(SyncAnswer answer) {
        rounds.answered(answer);
        if (answer.getMeta().getEpoch() == epoch) {
            base.heard(answer);
        }
    }

    private void ask(String replicaId) {
        rounds.askNow(replicaId);
    }

    /** To be called every sync interval. */
    public void tick() {
        rounds.tick();
        shipper.trimWhenOverdue(); // also when nothing more is written
    }

    /** An entry was appended to the local WAL. */
    public void appended() {
        shipper.appended();
    }

    /** Whether the quorum barrier covers an LSN, waiting at most {@code limit} for it. */
    public boolean awaitBarrier(long lsn, Duration limit) {
        rounds.want(lsn);
        return barrier.await(lsn, limit);
    }

    /** The WAL lane's bounds, and its trimming. */
    public RetainedWal retained() {
        return retained;
    }

    public PinBoard pins() {
        return pins;
    }

    public Barrier barrier() {
        return barrier;
    }

    /** The volume moves to another epoch: its sessions, and so their pins, are over. */
    public void endForNewEpoch() {
        close(); // first: it serves nothing more even when its note cannot be written
        pins.keepOnly(List.of());
    }

    /** Begins to stop, without waiting and without a word to anybody. */
    public void stop() {
        lock.run(() -> closed = true);
        shipper.close();
        barrier.close();
        base.stop();
    }

    /** Stops and waits for everything that works on the volume; pins stay, as the sessions do. */
    @Override
    public void close() {
        stop();
        base.close();
        CompletableFuture<Void> running = lock.get(() -> shipping);
        if (running != null) {
            context.tasks().await(running);
        }
    }
}
