package io.keepup.streams.view;

import io.keepup.v1.VolumeProjection;
import java.util.Optional;

/** The projections as they are on their topic, which others can write too. Thread-safe. */
public interface PublishedProjections {

    /**
     * The newest record of a volume.
     *
     * @param projection null when the record is a tombstone, or not a projection
     */
    record Newest(VolumeProjection projection, int partition, long offset) {}

    /** Reports every volume with a new record from now on, until closed. */
    VolumeChanges subscribe();

    /** Whether everything that was on the topic at the start has been read. */
    boolean complete();

    /** The newest record of a volume; empty when there has been none. */
    Optional<Newest> newest(String volumeId);

    /** For a fold whose projections nobody else can write. */
    static PublishedProjections unchecked() {
        return new PublishedProjections() {
            @Override
            public VolumeChanges subscribe() {
                return new VolumeChanges(closed -> {});
            }

            @Override
            public boolean complete() {
                return false;
            }

            @Override
            public Optional<Newest> newest(String volumeId) {
                return Optional.empty();
            }
        };
    }
}
