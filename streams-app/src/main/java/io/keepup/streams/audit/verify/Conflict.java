package io.keepup.streams.audit.verify;

import io.keepup.streams.fold.Output;
import java.util.List;

/**
 * An event whose outputs are not all as they should be, or an output without event.
 *
 * @param volumeId of the event; null when there is no such event
 * @param cause offset of the event; -1 when there is none
 * @param expected all that follows from the event
 * @param missing those of them that should be on their topic and are not
 * @param found what is on the topics besides
 * @param version of the engine that wrote what stands around it
 */
record Conflict(
        String volumeId, long cause, List<Output> expected, List<Output> missing, List<Found> found, int version) {

    /** An output that follows from no event. */
    static Conflict without(Found found) {
        return new Conflict(null, found.cause(), List.of(), List.of(), List.of(found), found.version());
    }
}
