package io.keepup.node.replica;

import io.keepup.node.event.NodeEvents.Position;
import io.keepup.v1.SessionPhase;
import java.util.ArrayDeque;
import java.util.Deque;

/** How fast a session went in its last minute, and how long the rest takes at that pace. Not thread-safe. */
final class LastMinute {

    private static final long MINUTE_MS = 60_000;
    /** Less says nothing about the pace. */
    private static final long LEAST_MS = 500;

    private record Sample(long timeMs, Position at) {}

    private final Deque<Sample> samples = new ArrayDeque<>();

    void add(long timeMs, Position at) {
        if (!samples.isEmpty() && samples.getLast().at.phase() == SessionPhase.accepted) {
            samples.clear(); // what came before the session had a base says nothing of its pace
        }
        samples.addLast(new Sample(timeMs, at));
        while (timeMs - samples.getFirst().timeMs > MINUTE_MS) {
            samples.removeFirst();
        }
    }

    /** Received on both lanes; 0 while there is no telling. */
    long bytesPerSecond() {
        if (spanMs() < LEAST_MS) {
            return 0;
        }
        long bytes = bytes(samples.getLast().at) - bytes(samples.getFirst().at);
        return bytes * 1_000 / spanMs();
    }

    /** Until base and WAL are through, the slower counts; null while there is no telling. */
    Long secondsLeft(long goalLsn) {
        Position first = samples.getFirst().at;
        Position last = samples.getLast().at;
        Long base = secondsLeft(
                last.baseBlocksTotal() - last.baseBlocksDone(), last.baseBlocksDone() - first.baseBlocksDone());
        Long wal = secondsLeft(goalLsn - last.walAppliedLsn(), last.walAppliedLsn() - first.walAppliedLsn());
        return base == null || wal == null ? null : Long.valueOf(Math.max(base, wal));
    }

    private Long secondsLeft(long left, long done) {
        if (left <= 0) {
            return 0L;
        }
        return done <= 0 || spanMs() < LEAST_MS ? null : Long.valueOf((long) Math.ceil(left * (spanMs() / 1e3) / done));
    }

    private long spanMs() {
        return samples.isEmpty() ? 0 : samples.getLast().timeMs - samples.getFirst().timeMs;
    }

    private static long bytes(Position at) {
        return at.baseBytes() + at.walBytes();
    }
}
