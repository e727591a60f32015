package io.keepup.volume;

/**
 * Sizes that trade memory and restart time against I/O.
 *
 * @param dirtyLimitBytes dirty bytes at which a flush starts by itself; bounds what a restart replays
 * @param segmentBytes a WAL segment that passed this size takes no further batch; recycling frees whole segments
 */
record VolumeTuning(long dirtyLimitBytes, int segmentBytes) {
    static final VolumeTuning DEFAULT = new VolumeTuning(256L << 20, 64 << 20);
}
