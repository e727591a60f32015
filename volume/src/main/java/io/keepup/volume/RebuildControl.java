package io.keepup.volume;

import java.util.Optional;

/** Starts rebuild sessions on a volume and knows the live one. Thread-safe. */
public final class RebuildControl {
    private final Volume volume;

    RebuildControl(Volume volume) {
        this.volume = volume;
    }

    /**
     * Starts a session, or gives back the live (or completed) one when it has this id and these bounds [R4].
     *
     * <p>A higher id supersedes the live session. All refusals come before any effect [R5]. Then the durable rebuild
     * marker is written, and dirty map, local WAL and extent content of the earlier life are dropped [R6].
     *
     * @throws VolumeException {@code STALE_EPOCH}, {@code NOT_REPLICA}, {@code BAD_BOUNDS}, {@code CHECKPOINT_AHEAD},
     *     {@code STALE_SESSION} (a lower id, or one a restart cut short [R9]), {@code SESSION_ENDED} (this id failed)
     */
    public RebuildSession start(RebuildBounds bounds) {
        return volume.startRebuild(bounds);
    }

    /** The live session: started, and neither completed nor ended. */
    public Optional<RebuildSession> active() {
        return volume.activeRebuild();
    }
}
