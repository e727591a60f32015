package io.keepup.node.replica;

import io.keepup.node.NodeContext;
import io.keepup.node.NodeCounter;
import io.keepup.node.NodeSettings;
import io.keepup.node.Trouble;
import io.keepup.node.event.NodeEvents.Gates;
import io.keepup.node.event.NodeEvents.SessionRef;
import io.keepup.node.lane.LaneRecords;
import io.keepup.node.lane.WalBatches;
import io.keepup.node.lane.WalTopic;
import io.keepup.node.note.NoteState;
import io.keepup.node.note.VolumeNote;
import io.keepup.node.world.Mutex;
import io.keepup.service.failure.RepeatedFailureLog;
import io.keepup.v1.CancelSession;
import io.keepup.v1.FailureReason;
import io.keepup.v1.IssueCatchUp;
import io.keepup.v1.IssueRebuild;
import io.keepup.v1.SessionKind;
import io.keepup.v1.SyncRequest;
import io.keepup.v1.WalBatch;
import io.keepup.volume.Volume;
import io.keepup.volume.VolumeException;
import io.keepup.volume.VolumeStatus;
import io.keepup.volume.WalEntry;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A volume in the role of replica, in one epoch: applies what the live lane brings when it follows its own last entry,
 * runs the sessions it is told to run, answers syncs. It decides nothing. Thread-safe.
 */
public final class ReplicaVolume implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(ReplicaVolume.class);
    private static final RepeatedFailureLog failures = new RepeatedFailureLog(log);
    private static final Duration RETRY = Duration.ofSeconds(1);
    private static final Duration LAST_WORD = Duration.ofSeconds(5);

    private final NodeContext context;
    private final Volume volume;
    private final VolumeNote note;
    private final LiveLane lane;
    private final String volumeId;
    private final long epoch;
    private final SyncAnswers answers;
    private final LocalWal localWal;
    private final CompletableFuture<Void> closed = new CompletableFuture<>();
    private final Mutex lock;
    private final Trouble positioning;
    private RecoverySession session;
    /** The lane brings entries that may follow the volume's own. */
    private boolean following;

    private long received;
    private boolean starting;

    public ReplicaVolume(NodeContext context, Volume volume, VolumeNote note, LiveLane lane, long epoch) {
        this.context = context;
        this.volume = volume;
        this.note = note;
        this.lane = lane;
        this.volumeId = volume.status().spec().volumeId();
        this.epoch = epoch;
        this.lock = new Mutex(context.tasks());
        this.positioning =
                new Trouble(failures, "positioning", "Volume %s: positioning its receiver".formatted(volumeId));
        this.answers = new SyncAnswers(context, volumeId, epoch);
        this.localWal = new LocalWal(volume, context.settings().get(NodeSettings.WAL_RETAIN_BYTES));
    }

    /** A session that the last process left is over: says so, so that the next facts decide [R9]. */
    public void reportLostSession() {
        NoteState.Session left = note.state().session();
        if (left == null || !left.live()) {
            return;
        }
        SessionRef ref = new SessionRef(volumeId, left.primaryId(), left.epoch(), left.id(), left.kind());
        context.events().failed(ref, FailureReason.transport_lost, "the node was restarted in mid-session");
        context.metrics().count(NodeCounter.SESSIONS_FAILED);
        forget(ref);
    }

    /**
     * Positions the live lane at the lane's end, in the background, and says when it is ready. Again is no error: it is
     * said again.
     */
    public void startReceiver() {
        lock.run(() -> {
            if (following) {
                context.events().readiness(volumeId, epoch, Gates.RECEIVER_READY);
            } else if (!starting) {
                starting = true;
                context.tasks().start("keepup-%s-receiver-%s".formatted(context.nodeId(), volumeId), this::position);
            }
        });
    }

    private void position() {
        while (!closed.isDone()) {
            try {
                context.lanes().ensure(volumeId);
                try (WalTopic topic = new WalTopic(context, volumeId)) {
                    followFrom(topic.end());
                }
                positioning.over();
                context.events().readiness(volumeId, epoch, Gates.RECEIVER_READY);
                return;
            } catch (RuntimeException e) {
                if (!closed.isDone()) {
                    positioning.met(e);
                }
            }
            context.tasks().await(closed, RETRY);
        }
    }

    private void followFrom(long offset) {
        Optional<CompletableFuture<Void>> positioned = lock.get(() -> follow(offset));
        if (positioned.isEmpty()) {
            return;
        }
        while (!closed.isDone()) {
            if (context.tasks().await(positioned.get(), RETRY)) {
                if (positioned.get().isCompletedExceptionally()) {
                    throw new IllegalStateException(
                            "positioning the live lane failed", positioned.get().exceptionNow());
                }
                return;
            }
            failures.warn("not positioned", "Volume %s: the live lane is not positioned yet".formatted(volumeId));
        }
    }

    /** Empty when the lane is not to be followed; else done when it is positioned. */
    private Optional<CompletableFuture<Void>> follow(long offset) {
        starting = false;
        if (session != null || closed.isDone() || !volume.status().recoverable()) {
            return Optional.empty(); // a session hands the lane over when it ends; an unproven volume takes nothing
        }
        following = true;
        return Optional.of(lane.follow(this, offset));
    }

    /** Records of the live lane; false when they cannot be used and the lane is to be left. */
    boolean received(List<ConsumerRecord<byte[], ByteBuffer>> records) {
        return lock.get(() -> receive(records));
    }

    private boolean receive(List<ConsumerRecord<byte[], ByteBuffer>> records) {
        if (!following || session != null || closed.isDone()) {
            return false;
        }
        List<WalEntry> next = new ArrayList<>();
        VolumeStatus status = volume.status();
        boolean follows = true;
        for (ConsumerRecord<byte[], ByteBuffer> record : records) {
            Optional<WalBatch> batch = WalBatches.decode(context, record).filter(this::ofThisEpoch);
            if (batch.isPresent() && follows) {
                follows = LaneRecords.isOfHistory(batch.get(), status.appliedLsn(), status.appliedEpoch())
                        && addFollowing(batch.get(), next, status.appliedLsn());
            }
        }
        if (!next.isEmpty()) {
            context.metrics().add(NodeCounter.WAL_ENTRIES_APPLIED, volume.apply(next));
            localWal.applied(next);
            answers.durable(this::facts);
        }
        if (!follows) {
            following = false;
            context.metrics().count(NodeCounter.WAL_GAPS);
            log.info(
                    "Volume {}: what the lane brought up to LSN {} does not follow LSN {} of epoch {}: holding still until a session is issued",
                    volumeId,
                    received,
                    volume.status().appliedLsn(),
                    volume.status().appliedEpoch());
            answers.durable(this::facts);
        }
        return follows;
    }

    private boolean addFollowing(WalBatch batch, List<WalEntry> next, long applied) {
        received = Math.max(received, LaneRecords.lastLsn(batch));
        for (WalEntry entry : LaneRecords.entries(batch)) {
            long last = next.isEmpty() ? applied : next.get(next.size() - 1).lsn();
            if (entry.leavesGapAfter(last)) {
                return false;
            }
            if (entry.lsn() > last) {
                next.add(entry);
            }
        }
        return true;
    }

    private boolean ofThisEpoch(WalBatch batch) {
        if (batch.getEpoch() == epoch && batch.getVolumeId().equals(volumeId)) {
            return true;
        }
        context.metrics().count(NodeCounter.STALE_EPOCH);
        failures.warn(
                "WAL of another epoch",
                "Volume %s: WAL of epoch %s from %s refused, the volume is at %s"
                        .formatted(volumeId, batch.getEpoch(), batch.getPrimaryId(), epoch));
        return false;
    }

    /** The live lane's records could not be applied: wait for the facts to decide. */
    void holdStill(RuntimeException failure) {
        context.metrics().count(NodeCounter.VOLUME_ERRORS);
        failures.error(
                "applying",
                "Volume %s: WAL after LSN %s cannot be applied"
                        .formatted(volumeId, volume.status().appliedLsn()),
                failure);
        lock.run(() -> {
            following = false;
            answers.durable(this::facts);
        });
    }

    /** Runs a catch-up. */
    public void issued(IssueCatchUp command) {
        lock.run(() -> {
            SessionRef ref = ref(command.getSessionId(), SessionKind.catchup);
            if (admit(ref)) {
                begin(new CatchUp(context, volume, ref, command, session, this::ended));
            }
        });
    }

    /** Runs a rebuild. */
    public void issued(IssueRebuild command) {
        lock.run(() -> {
            SessionRef ref = ref(command.getSessionId(), SessionKind.rebuild);
            if (admit(ref)) {
                begin(new Rebuild(context, volume, ref, command, session, this::ended));
            }
        });
    }

    private SessionRef ref(long sessionId, SessionKind kind) {
        return new SessionRef(volumeId, note.state().primaryId(), epoch, sessionId, kind);
    }

    /** [R4] The same id again is re-acknowledged, a lower one is stale. */
    private boolean admit(SessionRef ref) {
        NoteState.Session newest = note.state().session();
        if (isStale(ref, newest)) {
            context.metrics().count(NodeCounter.STALE_SESSION);
            failures.warn(
                    "stale session",
                    "Volume %s: session %s refused, %s is newer".formatted(volumeId, ref.sessionId(), newest.id()));
            return false;
        }
        if (isKnown(ref, newest)) {
            if (session != null) {
                session.tell();
            }
            return false;
        }
        return !closed.isDone();
    }

    private static boolean isStale(SessionRef ref, NoteState.Session newest) {
        return newest != null && ref.sessionId() < newest.id();
    }

    private static boolean isKnown(SessionRef ref, NoteState.Session newest) {
        return newest != null && ref.sessionId() == newest.id();
    }

    private void begin(RecoverySession next) {
        remember(next.ref(), true);
        supersede();
        session = next;
        following = false;
        lane.leave(this);
        context.metrics().count(NodeCounter.SESSIONS_STARTED);
        SessionRef ref = next.ref();
        log.info("Volume {}: {} session {} begins", volumeId, ref.kind(), ref.sessionId());
        context.tasks().start(next.task(), next);
        answers.durable(this::facts);
    }

    private void supersede() {
        if (session != null) {
            session.cancel(FailureReason.superseded);
        }
    }

    /** Of two sessions the newer one is remembered. */
    private void remember(SessionRef ref, boolean live) {
        NoteState.Session noted =
                new NoteState.Session(ref.sessionId(), ref.epoch(), ref.kind(), ref.primaryId(), live);
        note.update(state ->
                state.session() != null && state.session().id() > noted.id() ? state : state.withSession(noted));
    }

    /** The session is over, and said to be. If the note cannot say so too, the next start says it again, to no effect [G4]. */
    private void forget(SessionRef ref) {
        try {
            remember(ref, false);
        } catch (VolumeException e) {
            context.metrics().count(NodeCounter.VOLUME_ERRORS);
            failures.error(
                    "noting", "Volume %s: the end of session %s is not noted".formatted(volumeId, ref.sessionId()), e);
        }
    }

    private void ended(RecoverySession over, Optional<RecoverySession.Outcome> outcome) {
        lock.run(() -> end(over, outcome));
    }

    private void end(RecoverySession over, Optional<RecoverySession.Outcome> outcome) {
        if (session != over) {
            return; // superseded
        }
        session = null;
        forget(over.ref());
        if (closed.isDone()) {
            return;
        }
        if (outcome.isPresent()) {
            following = true;
            lane.follow(this, outcome.get().nextOffset());
        } else if (volume.status().recoverable()) {
            startReceiver();
        }
    }

    /**
     * Ends a session by decision; the session says so itself. One that did not begin yet never will: the end may come
     * before the beginning, and no session is run that nobody listens to.
     */
    public void cancelled(CancelSession command) {
        long sessionId = command.getSessionId();
        lock.run(() -> {
            NoteState.Session newest = note.state().session();
            if (session != null && session.ref().sessionId() == sessionId) {
                session.cancel(command.getReason());
            } else if (newest == null || sessionId > newest.id()) {
                supersede();
                remember(ref(sessionId, SessionKind.unknown), false);
            } else {
                context.metrics().count(NodeCounter.STALE_SESSION);
            }
        });
    }

    /** A primary asks where this replica stands. */
    public void asked(SyncRequest request) {
        lock.run(() -> {
            if (request.getMeta().getEpoch() == epoch) {
                String primaryId = request.getPrimaryId();
                note.update(state -> state.epoch() == epoch ? state.withPrimary(primaryId) : state);
            }
            answers.asked(request, this::facts);
        });
    }

    /** Answers what is overdue; to be called often. */
    public void tick() {
        lock.run(() -> answers.tick(this::facts));
    }

    private SyncAnswers.Facts facts() {
        VolumeStatus status = volume.status();
        NoteState.Session newest = note.state().session();
        long reached = session == null ? Math.max(received, status.appliedLsn()) : session.durableLsn();
        boolean stopped = volume.stopped().isPresent();
        return new SyncAnswers.Facts(
                status,
                stopped,
                reached,
                session != null,
                newest == null ? null : newest.id(),
                following && session == null && status.recoverable() && !stopped,
                session == null ? 0 : session.baseChunks());
    }

    private RecoverySession running() {
        return lock.get(() -> session);
    }

    /** The newest session this replica knows, and whether it runs. */
    public NoteState.Session session() {
        return note.state().session();
    }

    String volumeId() {
        return volumeId;
    }

    /** Stops without a word: what runs is left, and reported as lost at the next start. */
    @Override
    public void close() {
        stop();
        RecoverySession running = running();
        if (running != null) {
            running.awaitEnd();
        }
    }

    /** Begins to stop, without waiting. */
    public void stop() {
        closed.complete(null);
        RecoverySession running = lock.get(() -> {
            following = false;
            return session;
        });
        lane.leave(this);
        if (running != null) {
            running.abandon();
        }
    }

    /** Ends the live session because the volume moves to another epoch, and waits a while for its last word. */
    public void endForNewEpoch() {
        RecoverySession running = running();
        if (running != null) {
            running.cancel(FailureReason.epoch_mismatch);
            running.awaitEnd(LAST_WORD); // nobody needs it: in the new epoch the fold refuses it as stale [G1]
        }
        close();
    }
}
