package io.keepup.streams.audit.verify;

import io.keepup.streams.audit.Place;

/**
 * An output that lies on its topic.
 *
 * @param cause offset of the event it says it was caused by; -1 when it names none of the partition
 * @param high first half of its fingerprint
 * @param low second half
 * @param version of the engine that wrote it, -1 when it does not say
 * @param ours it speaks of what is audited; else only its headers brought it here
 * @param late it lies behind outputs of later events, where no fold puts it
 */
record Found(Place place, long cause, long high, long low, int version, boolean ours, boolean late) {

    boolean same(Fingerprint print) {
        return high == print.high() && low == print.low();
    }

    Found thatIsLate() {
        return new Found(place, cause, high, low, version, ours, true);
    }
}
