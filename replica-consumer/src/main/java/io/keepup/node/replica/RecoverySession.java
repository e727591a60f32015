package io.keepup.node.replica;

import io.keepup.node.NodeContext;
import io.keepup.node.NodeCounter;
import io.keepup.node.NodeSettings;
import io.keepup.node.RecoveryLimits;
import io.keepup.node.Trouble;
import io.keepup.node.event.NodeClosingException;
import io.keepup.node.event.NodeEvents.Pace;
import io.keepup.node.event.NodeEvents.Position;
import io.keepup.node.event.NodeEvents.Result;
import io.keepup.node.event.NodeEvents.SessionRef;
import io.keepup.node.event.NodeEvents.Totals;
import io.keepup.node.event.PublishException;
import io.keepup.node.world.Mutex;
import io.keepup.schemas.registry.RegistryException;
import io.keepup.service.failure.RepeatedFailureLog;
import io.keepup.v1.FailureReason;
import io.keepup.v1.SessionCause;
import io.keepup.v1.WaitingFor;
import io.keepup.volume.Volume;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.common.KafkaException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One recovery session on the replica, in its own task with its own consumers: reports progress at most twice a second,
 * ends with exactly one terminal event, and hands the WAL lane's offset on. When the node stops it says nothing: whoever
 * starts it again reports the session as lost [R9].
 */
abstract class RecoverySession implements Runnable {

    private static final Logger log = LoggerFactory.getLogger(RecoverySession.class);
    private static final RepeatedFailureLog failures = new RepeatedFailureLog(log);
    private static final Duration RETRY = Duration.ofSeconds(1);
    /** How often a session that waits looks whether it still should. */
    private static final Duration LOOK = Duration.ofMillis(200);
    /** How often a session that waits for its turn says so: well below what a watchdog takes for silence. */
    private static final long SAY_WAITING_MS = 5_000;

    /** Where the live lane goes on after a completed session, and what the session proved. */
    record Outcome(Result result, long nextOffset) {}

    /** Told the end of a session after its terminal event is acknowledged; must not throw, all is said. */
    interface Ended {
        void ended(RecoverySession session, Optional<Outcome> outcome);
    }

    /** The node closes; the session is left as it is. */
    private static final class Abandoned extends RuntimeException {}

    protected final NodeContext context;
    protected final Volume volume;
    protected final SessionRef ref;
    private final SessionCause cause;
    /** This and all other times are uptimes of the process, ms [A11]. */
    private final long begunAt;

    private final LastMinute lastMinute = new LastMinute();
    private RecoverySession previous;
    private final Ended listener;
    private final CompletableFuture<Void> done = new CompletableFuture<>();
    private final CompletableFuture<Void> abandon = new CompletableFuture<>();
    private final Mutex reports;
    private volatile FailureReason cancelled;
    private volatile WaitingFor waitingFor;
    private volatile long movedAt;
    /** When it last got nearer to its end: when a report said so, or it had to wait. */
    private volatile long nearerAt;
    /** There is something to tell that the last report does not say. */
    private volatile boolean untold;

    private Position reported;
    private long reportedAt;

    RecoverySession(
            NodeContext context,
            Volume volume,
            SessionRef ref,
            SessionCause cause,
            RecoverySession previous,
            Ended listener) {
        this.context = context;
        this.volume = volume;
        this.ref = ref;
        this.cause = cause;
        this.begunAt = context.uptimeMs();
        this.previous = previous;
        this.listener = listener;
        this.reports = new Mutex(context.tasks());
        this.movedAt = begunAt;
        this.nearerAt = begunAt;
    }

    /** Does the work; returns only with the target reached. */
    protected abstract Outcome recover();

    /** Where the session stands now. */
    protected abstract Position position();

    /** The LSN that has to be applied, as far as it is known. */
    protected abstract long goalLsn();

    /** Data brought so far. */
    protected abstract Brought brought();

    /** Bytes of data; blocks of the base that newer WAL made superfluous. */
    record Brought(long baseBytes, long walBytes, long zeroBytes, long skippedBlocks) {}

    /** Durable LSN reached in this session: what its pin may follow [N2]. */
    abstract long durableLsn();

    /** Chunks of a base applied without gap from the first on; 0 where there is no base. */
    long baseChunks() {
        return 0;
    }

    /** The protocol's word for what ended the session. */
    protected FailureReason reason(RuntimeException failure) {
        return FailureReasons.of(failure);
    }

    /** Something must be undone when the session fails. */
    protected void abort(FailureReason reason) {}

    @Override
    public final void run() {
        try {
            Outcome outcome = work();
            if (outcome == null) {
                return;
            }
            Totals totals = totals();
            say(() -> context.events().completed(ref, outcome.result, totals));
            context.metrics().count(NodeCounter.SESSIONS_COMPLETED);
            log.info(
                    "Volume {}: {} session {} completed, {}, {}",
                    ref.volumeId(),
                    ref.kind(),
                    ref.sessionId(),
                    outcome.result,
                    totals);
            listener.ended(this, Optional.of(outcome));
        } catch (Abandoned | NodeClosingException e) {
            log.info("Volume {}: {} session {} left as it is", ref.volumeId(), ref.kind(), ref.sessionId());
        } finally {
            done.complete(null);
        }
    }

    /** Returns the outcome, or says that the session failed and returns null. */
    private Outcome work() {
        try {
            if (previous != null) {
                previous.awaitEnd();
                previous = null; // or a chain of superseded sessions would stay in memory
            }
            tell();
            return recover();
        } catch (Abandoned | NodeClosingException e) {
            throw e;
        } catch (RuntimeException e) {
            fail(e);
            return null;
        } catch (Error e) {
            fail(new IllegalStateException("the session broke off: " + e, e));
            throw e;
        }
    }

    private Totals totals() {
        Brought brought = brought();
        return new Totals(
                cause,
                brought.baseBytes,
                brought.walBytes,
                brought.zeroBytes,
                brought.skippedBlocks,
                Duration.ofMillis(Math.max(1, context.uptimeMs() - begunAt)));
    }

    /** Says a terminal event. Whatever keeps it from being said, somebody waits for it: it is said again until heard. */
    private void say(Runnable event) {
        Trouble trouble = new Trouble(
                failures,
                "end of a session",
                "Volume %s: saying the end of session %s".formatted(ref.volumeId(), ref.sessionId()));
        while (true) {
            try {
                event.run();
                trouble.over();
                return;
            } catch (PublishException | KafkaException | RegistryException e) {
                trouble.met(e);
                awaitRetry();
            }
        }
    }

    private void awaitRetry() {
        if (context.tasks().await(abandon, RETRY)) {
            throw new Abandoned();
        }
    }

    private void fail(RuntimeException failure) {
        if (abandoned()) {
            throw new Abandoned();
        }
        FailureReason reason = cancelled != null ? cancelled : reason(failure);
        context.metrics().count(NodeCounter.SESSIONS_FAILED);
        log.error(
                "Volume {}: {} session {} failed at LSN {}, {}",
                ref.volumeId(),
                ref.kind(),
                ref.sessionId(),
                durableLsn(),
                reason,
                failure);
        abort(reason);
        Totals totals = totals();
        say(() -> context.events().failed(ref, reason, String.valueOf(failure.getMessage()), totals));
        listener.ended(this, Optional.empty());
    }

    /** To be called in every turn of every loop: throws when the session must end now, and says late what was too early to say. */
    protected void check() {
        if (abandoned()) {
            throw new Abandoned();
        }
        FailureReason reason = cancelled;
        if (reason != null) {
            throw new SessionFault(reason, "ended by " + reason);
        }
        long now = context.uptimeMs();
        if (now - nearerAt > context.settings().get(NodeSettings.SESSION_BUDGET).toMillis()) {
            throw new SessionFault(
                    FailureReason.deadline_exceeded, "no nearer to its end for %s ms".formatted(now - nearerAt));
        }
        long still = now - movedAt;
        if (still > context.settings().get(NodeSettings.SESSION_STALL).toMillis()) {
            throw new SessionFault(FailureReason.progress_stalled, "nothing moved for %s ms".formatted(still));
        }
        if (untold) {
            reportIfDue(shortestMs());
        }
    }

    /** Waits for this session's turn, says so now and then, and is not taken for one that stands still. */
    protected void awaitTurn(CompletableFuture<Void> turn, WaitingFor what) {
        if (turn.isDone()) {
            return;
        }
        log.info("Volume {}: {} session {} waits for {}", ref.volumeId(), ref.kind(), ref.sessionId(), what);
        waitingFor = what;
        tell();
        while (!context.tasks().await(turn, LOOK)) {
            movedAt = context.uptimeMs();
            nearerAt = movedAt;
            check();
            reportIfDue(Math.max(SAY_WAITING_MS, shortestMs()));
        }
        waitingFor = null;
        moved();
    }

    /** So many bytes came: waits as long as the node's limit asks for. */
    protected void received(long bytes) {
        RecoveryLimits limits = context.limits();
        limits.spend(bytes);
        for (Duration pause = limits.pause(); !pause.isZero(); pause = limits.pause()) {
            context.tasks().await(abandon, pause.compareTo(LOOK) < 0 ? pause : LOOK);
            movedAt = context.uptimeMs();
            check();
        }
    }

    /** Something moved: the stall limit starts anew, and progress is reported when it is due. */
    protected void moved() {
        movedAt = context.uptimeMs();
        tell();
    }

    /**
     * Reports where the session stands: at once, or when a report is due again, by {@link #check()}, and then as it stands by
     * that time. Also the answer to a command that came again [R4].
     */
    void tell() {
        untold = true;
        reportIfDue(shortestMs());
    }

    private long shortestMs() {
        return context.settings().get(NodeSettings.SESSION_PROGRESS).toMillis();
    }

    private void reportIfDue(long leastMs) {
        reports.run(() -> {
            long now = context.uptimeMs();
            if (reported != null && now - reportedAt < leastMs) {
                return;
            }
            untold = false;
            Position at = position();
            if (isNearer(at)) {
                nearerAt = now;
            }
            try {
                report(at, now);
            } finally { // a report bears a time between the two: taken from the earlier, the next would follow too soon
                reported = at;
                reportedAt = context.uptimeMs();
            }
        });
    }

    /** Than at the last report: bytes alone lead nowhere. */
    private boolean isNearer(Position at) {
        return reported == null
                || at.durableLsn() != reported.durableLsn()
                || at.walAppliedLsn() != reported.walAppliedLsn()
                || at.baseBlocksDone() != reported.baseBlocksDone();
    }

    private void report(Position at, long now) {
        lastMinute.add(now, at);
        context.events()
                .progress(
                        ref, at, new Pace(waitingFor, lastMinute.bytesPerSecond(), lastMinute.secondsLeft(goalLsn())));
    }

    /** Ends the session with a reason; its own task says so. */
    void cancel(FailureReason reason) {
        cancelled = reason;
    }

    /** Ends the session without a word. */
    void abandon() {
        abandon.complete(null);
    }

    private boolean abandoned() {
        return abandon.isDone();
    }

    void awaitEnd() {
        context.tasks().await(done);
    }

    /** As {@link #awaitEnd()}, but not longer than a limit. */
    void awaitEnd(Duration limit) {
        context.tasks().await(done, limit);
    }

    SessionRef ref() {
        return ref;
    }

    /** Name of the session's task. */
    String task() {
        return "keepup-%s-%s-%s-%s".formatted(context.nodeId(), ref.kind(), ref.volumeId(), ref.sessionId());
    }
}
