package io.keepup.engine.state;

import java.util.ArrayList;
import java.util.List;

/**
 * Which events of a kind were folded last, so that one delivered again is told from a new one. It keeps fingerprints: an event id may
 * be of any length, what the state keeps of it must not be.
 *
 * @param fingerprints of at most eight event ids, the newest last
 */
public record RecentEvents(List<Long> fingerprints) {

    public static final RecentEvents NONE = new RecentEvents(List.of());

    private static final int KEPT = 8;

    public RecentEvents {
        fingerprints = List.copyOf(fingerprints);
    }

    public boolean contains(String eventId) {
        return fingerprints.contains(fingerprint(eventId));
    }

    /** With one more, in the place of the oldest. */
    public RecentEvents with(String eventId) {
        List<Long> next = new ArrayList<>(fingerprints);
        next.add(fingerprint(eventId));
        return new RecentEvents(next.subList(Math.max(0, next.size() - KEPT), next.size()));
    }

    /** FNV-1a. */
    private static long fingerprint(String eventId) {
        long hash = 0xcbf29ce484222325L;
        for (int i = 0; i < eventId.length(); i++) {
            hash = (hash ^ eventId.charAt(i)) * 0x100000001b3L;
        }
        return hash;
    }
}
