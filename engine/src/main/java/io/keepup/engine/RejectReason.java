package io.keepup.engine;

import io.keepup.engine.word.Word;

/** Why the guard refused an event; a closed list. */
public enum RejectReason implements Word {
    /** [G1] */
    STALE_EPOCH("stale_epoch"),
    /** [G1] */
    CONFLICTING_ASSIGNMENT("conflicting_assignment"),
    /** [G2] */
    UNKNOWN_VOLUME("unknown_volume"),
    /** [G2] */
    FUTURE_EPOCH("future_epoch"),
    /** [G3] */
    UNKNOWN_REPLICA("unknown_replica"),
    /** [G4] */
    STALE_SESSION("stale_session"),
    /** [G5] */
    STALE_SYNC("stale_sync"),
    /** [G5], for wishes. */
    STALE_WISH("stale_wish"),
    /** [G6] */
    INCOMPLETE_SESSION("incomplete_session"),
    /** [G7] */
    INVALID_FACTS("invalid_facts"),
    /** [G9] */
    NOT_PRIMARY("not_primary");

    private final String word;

    RejectReason(String word) {
        this.word = word;
    }

    @Override
    public String word() {
        return word;
    }
}
