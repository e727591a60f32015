package io.keepup.volume;

/**
 * Sizes that trade memory and restart time against I/O, and where background work runs.
 *
 * @param dirtyLimitBytes dirty bytes at which a flush starts by itself; bounds what a restart replays, and what is still to be
 *     flushed before a base is served
 * @param segmentBytes a WAL segment that passed this size takes no further batch; recycling frees whole segments,
 *     and keeps as many as fill between two flushes to write them again
 * @param background starts such a flush
 */
public record VolumeTuning(long dirtyLimitBytes, int segmentBytes, Background background) {
    /** Starts work that its caller does not wait for. */
    @FunctionalInterface
    public interface Background {
        /** A daemon thread of its own for each piece of work. */
        Background THREADS =
                (name, work) -> Thread.ofPlatform().name(name).daemon().start(work);

        /** No thread: the work is done before the call returns, so the append that reached the limit waits for its flush. */
        Background INLINE = (name, work) -> work.run();

        /** Starts {@code work}, which does not throw; {@code name} is for the thread, if there is one. */
        void start(String name, Runnable work);
    }

    /** For volumes on real disks: a flush at 256 MiB, in a thread; segments of 64 MiB. */
    public static final VolumeTuning DEFAULT = new VolumeTuning(256L << 20, 64 << 20);

    /**
     * The limit for what a replica is brought: four times a writer's. It catches up at the speed of its log then, and flushes
     * when that is done; to open a volume with 1 GiB to replay takes a quarter of a second.
     */
    long replicaDirtyLimitBytes() {
        return 4 * dirtyLimitBytes;
    }

    /** Recycled segments to keep. */
    int spareSegments() {
        return Math.toIntExact(Math.clamp(dirtyLimitBytes / segmentBytes, 1, 8));
    }

    /** With background work in threads. */
    public VolumeTuning(long dirtyLimitBytes, int segmentBytes) {
        this(dirtyLimitBytes, segmentBytes, Background.THREADS);
    }
}
