package io.keepup.node.hosting;

import io.keepup.node.NodeContext;
import io.keepup.node.event.FaultReport;
import io.keepup.node.hosting.HostedStatus.PinStatus;
import io.keepup.node.hosting.NotServedException.Reason;
import io.keepup.node.note.NoteState;
import io.keepup.node.note.VolumeNote;
import io.keepup.node.primary.FencedException;
import io.keepup.node.primary.PrimaryVolume;
import io.keepup.node.replica.ReplicaVolume;
import io.keepup.node.world.Mutex;
import io.keepup.v1.NodeFault;
import io.keepup.volume.Digest;
import io.keepup.volume.Scrub;
import io.keepup.volume.Volume;
import io.keepup.volume.VolumeException;
import io.keepup.volume.VolumeFault;
import io.keepup.volume.VolumeRole;
import io.keepup.volume.VolumeSpec;
import io.keepup.volume.VolumeStatus;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * One volume of this node: its data, its note, and the part it plays in the current epoch. Block I/O and the facts of it
 * are here for people and programs; roles change only through commands. Thread-safe.
 */
public final class HostedVolume {

    private static final long REPEAT_MS = 5_000;

    private final NodeContext context;
    private final Volume volume;
    private final VolumeNote note;
    private final Roles roles;
    private final String volumeId;
    /** One change of role at a time; reading needs none. */
    private final Mutex roleChange;

    private volatile PrimaryVolume primary;
    private volatile ReplicaVolume replica;
    /** What the fold was last told in this epoch [P9]. */
    private volatile NodeFault reported = NodeFault.none;
    /** At which uptime, ms, it is reported once more; 0: not again. What a process before this one sent may arrive late. */
    private volatile long repeatAt;

    HostedVolume(NodeContext context, Volume volume, VolumeNote note, Roles roles) {
        this.context = context;
        this.volume = volume;
        this.note = note;
        this.roles = roles;
        this.roleChange = new Mutex(context.tasks());
        this.volumeId = volume.status().spec().volumeId();
    }

    /** Makes the part of a role; what all volumes of a node share stays behind it. */
    interface Roles {
        PrimaryVolume primary(Volume volume, VolumeNote note, long epoch);

        ReplicaVolume replica(Volume volume, VolumeNote note, long epoch);
    }

    // ---------------------------------------------------------------- role

    /** Goes on in the role the volume had when the node stopped, and says so. To be called again when it throws. */
    void resume() {
        roleChange.run(this::goOn);
    }

    private void goOn() {
        VolumeStatus status = volume.status();
        enter(status.epoch()); // the note comes after the volume: a crash between them left it an epoch behind
        if (primary == null && replica == null) {
            play(status);
        }
        ReplicaVolume asReplica = replica;
        if (asReplica != null) {
            asReplica.reportLostSession();
        }
        if (status.epoch() > 0) {
            reportRole(status.epoch());
        }
        if (asReplica != null) {
            asReplica.startReceiver();
        }
        PrimaryVolume asPrimary = primary;
        if (asPrimary != null) {
            asPrimary.resume();
        }
    }

    /**
     * Assumes a role of an epoch, durably, and says so; the same again only says it again. Sessions of the epoch before
     * end.
     *
     * @throws io.keepup.volume.VolumeException when the epoch is lower, or the role differs in the same epoch
     */
    public void applyRole(long epoch, VolumeRole role) {
        roleChange.run(() -> assume(epoch, role));
    }

    private void assume(long epoch, VolumeRole role) {
        VolumeStatus before = volume.status();
        boolean changes = epoch > before.epoch();
        if (changes && replica != null) {
            replica.endForNewEpoch();
            replica = null;
        }
        if (changes && primary != null) {
            primary.endForNewEpoch();
            primary = null;
        }
        volume.assume(epoch, role);
        enter(epoch);
        if (primary == null && replica == null) {
            play(volume.status());
        }
        reportRole(epoch);
    }

    private void reportRole(long epoch) {
        reportAll(epoch, fault());
        repeatAt = context.uptimeMs() + REPEAT_MS;
    }

    /** Also what has not changed: a report of the process before this one, which arrived late, may have taken back any of it. */
    private void reportAll(long epoch, FaultReport now) {
        VolumeSpec spec = volume.status().spec();
        context.events().roleApplied(volumeId, epoch, spec.sizeBytes(), spec.blockSize(), now);
        reported = now.fault();
    }

    /** What keeps this node from doing its part for the volume [P9]. */
    public FaultReport fault() {
        Optional<VolumeException> disk = volume.stopped().or(note::failure).or(volume::full);
        if (disk.isPresent()) {
            return FaultReport.of(disk.get());
        }
        VolumeStatus status = volume.status();
        return status.fault() != null && status.role() == VolumeRole.PRIMARY
                ? new FaultReport(
                        NodeFault.valueOf(word(status.fault())),
                        "this copy is damaged and is not served: assign another primary")
                : FaultReport.NONE;
    }

    /** Reports a fault that came or went since the last time, and all of it once more some seconds later; to be called often. */
    void reportFault() {
        if (fault().fault() != reported || repeats()) {
            roleChange.run(this::reportChange);
        }
    }

    private boolean repeats() {
        return repeatAt > 0 && context.uptimeMs() >= repeatAt;
    }

    private void reportChange() {
        long epoch = volume.status().epoch();
        FaultReport now = fault();
        if (epoch > 0 && now.fault() != reported) {
            context.events().fault(volumeId, epoch, now);
            reported = now.fault();
            repeatAt = context.uptimeMs() + REPEAT_MS;
        } else if (epoch > 0 && repeats()) {
            reportAll(epoch, now);
            repeatAt = 0;
        }
    }

    /**
     * Writes to the disk what nobody needs, to see whether it takes changes; see {@link Volume#probe}.
     *
     * @return whether it took this one
     */
    boolean probe() {
        note.probe();
        return volume.probe();
    }

    /** Whether the volume takes no changes until the node is restarted. */
    public boolean stopped() {
        return volume.stopped().isPresent();
    }

    /** Whether its last change was not taken, and no probe since: that another volume's is does not end this. */
    boolean awaitsProbe() {
        return volume.full().isPresent() || note.failure().isPresent();
    }

    /** Whether the role is not refused for the one it has: that of a later epoch, or another one in this epoch. */
    boolean takes(long epoch, VolumeRole role) {
        VolumeStatus status = volume.status();
        return epoch > status.epoch() || epoch == status.epoch() && role == status.role();
    }

    /** Whether nothing was ever written to it. */
    boolean pristine() {
        return volume.pristine();
    }

    /** Stops everything that works on the volume, and gives its directory up for another one; it must be {@link #pristine}. */
    void discard() {
        endParts();
        volume.discard();
    }

    private void enter(long epoch) {
        note.update(state -> state.epoch() == epoch ? state : state.newEpoch(epoch));
    }

    private void play(VolumeStatus status) {
        switch (status.role()) {
            case PRIMARY -> primary = roles.primary(volume, note, status.epoch());
            case REPLICA -> replica = roles.replica(volume, note, status.epoch());
            case NONE -> {}
        }
    }

    /** The primary's part, if it is one in this epoch. */
    public Optional<PrimaryVolume> primary(long epoch) {
        return Optional.ofNullable(primary).filter(p -> volume.status().epoch() == epoch);
    }

    /** The replica's part, if it is one in this epoch. */
    public Optional<ReplicaVolume> replica(long epoch) {
        return replica().filter(r -> volume.status().epoch() == epoch);
    }

    /** The replica's part, whatever the epoch. */
    public Optional<ReplicaVolume> replica() {
        return Optional.ofNullable(replica);
    }

    /** The primary's part, whatever the epoch. */
    public Optional<PrimaryVolume> primary() {
        return Optional.ofNullable(primary);
    }

    // ------------------------------------------------------------ block I/O

    /**
     * Writes blocks on the primary; the data is in the WAL, not yet durable.
     *
     * @return the LSN to wait for
     * @throws NotServedException when this node is not the volume's primary
     */
    public long write(long lba, ByteBuffer data) {
        requirePrimary();
        long lsn = volume.write(lba, data);
        appended();
        return lsn;
    }

    /** Trims blocks on the primary, as {@link #write}. */
    public long trim(long lba, int blocks) {
        requirePrimary();
        long lsn = volume.trim(lba, blocks);
        appended();
        return lsn;
    }

    /** Told to who is the primary now: a role may have begun meanwhile. If it begins later, its shipper looks for itself. */
    private void appended() {
        primary().ifPresent(PrimaryVolume::appended);
    }

    /** Returns when an LSN is fsynced here. */
    public void awaitDurable(long lsn) {
        volume.awaitDurable(lsn);
    }

    /** Whether an LSN is durable on a majority of the copies, waiting at most {@code limit} for it. */
    public boolean awaitBarrier(long lsn, Duration limit) {
        return requirePrimary().awaitBarrier(lsn, limit);
    }

    /** Fills {@code destination} from {@code lba} on with the newest data of this copy. */
    public void read(long lba, ByteBuffer destination) {
        volume.read(lba, destination);
    }

    /** Brings all data into the extent; returns the checkpoint's LSN. */
    public long flush() {
        return volume.flush();
    }

    /** Flushes, then digests the whole volume. */
    public Digest digest() {
        return volume.digest();
    }

    /** Starts to verify all data of this copy. */
    Scrub scrub() {
        return volume.scrub();
    }

    /**
     * Trims the WAL lane and the local WAL up to an LSN, bounded by pins and by what was shipped.
     *
     * @return the oldest LSN the lane holds after it
     * @throws NotServedException when this node is not the primary, or its shipper is not connected
     */
    public long trimWal(long upToLsn) {
        PrimaryVolume here = requirePrimary();
        if (!here.retained().connected()) {
            throw new NotServedException(
                    Reason.NOT_CONNECTED,
                    "the WAL lane of volume %s is not connected yet: try again".formatted(volumeId));
        }
        try {
            return here.retained().trim(upToLsn);
        } catch (FencedException e) {
            throw new NotServedException(
                    Reason.NOT_PRIMARY,
                    "node %s is no longer the primary of volume %s (%s): ask the primary"
                            .formatted(context.nodeId(), volumeId, e.getMessage()));
        }
    }

    /** How long a writer should wait before its next write, so that sessions keep the WAL they need [N4]. */
    public Duration pressure() {
        return primary().map(here -> here.retained().pressure()).orElse(Duration.ZERO);
    }

    private PrimaryVolume requirePrimary() {
        PrimaryVolume here = primary;
        if (here == null) {
            throw new NotServedException(
                    Reason.NOT_PRIMARY,
                    "node %s is not the primary of volume %s: ask the primary".formatted(context.nodeId(), volumeId));
        }
        return here;
    }

    /** Where the volume stands. */
    public HostedStatus status() {
        VolumeStatus status = volume.status();
        PrimaryVolume asPrimary = primary;
        FaultReport fault = fault();
        NoteState.Session session = note.state().session();
        return new HostedStatus(
                volumeId,
                context.nodeId(),
                status.role().name().toLowerCase(Locale.ROOT),
                status.epoch(),
                status.spec().sizeBytes(),
                status.spec().blockSize(),
                status.appliedLsn(),
                status.appliedEpoch(),
                status.durableLsn(),
                status.checkpointLsn(),
                status.walTail(),
                asPrimary == null || !asPrimary.retained().connected()
                        ? 0
                        : asPrimary.retained().tail(),
                asPrimary == null ? 0 : asPrimary.retained().acknowledged(),
                asPrimary == null ? 0 : asPrimary.barrier().confirmed(),
                status.recoverable(),
                fault.present() ? fault.fault().name() : status.fault() == null ? null : word(status.fault()),
                fault.present() ? fault.detail() : null,
                session == null ? 0 : session.id(),
                session != null && session.live(),
                asPrimary == null
                        ? List.of()
                        : asPrimary.pins().live().stream()
                                .map(p -> new PinStatus(
                                        p.sessionId(), p.replicaId(), p.kind().name(), p.lsn()))
                                .toList(),
                note.state().replicas().stream().map(NoteState.Replica::id).toList());
    }

    private static String word(VolumeFault damage) {
        return damage.name().toLowerCase(Locale.ROOT);
    }

    public String volumeId() {
        return volumeId;
    }

    /** What the volume was created with. */
    public VolumeSpec spec() {
        return volume.spec();
    }

    /** Who asked last as the primary of this epoch; empty when nobody did. */
    public String primaryId() {
        return note.state().primaryId();
    }

    // --------------------------------------------------------------- ending

    /** Begins to stop, without waiting. */
    void stop() {
        replica().ifPresent(ReplicaVolume::stop);
        primary().ifPresent(PrimaryVolume::stop);
    }

    /** Waits for everything that works on the volume, then closes it. */
    void close() {
        endParts();
        volume.close();
    }

    private void endParts() {
        replica().ifPresent(ReplicaVolume::close);
        primary().ifPresent(PrimaryVolume::close);
        replica = null;
        primary = null;
    }
}
