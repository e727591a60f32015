package io.keepup.engine.word;

/** What a session waits for before it begins. */
public enum WaitingFor implements Word {
    /** Nothing. */
    NONE(""),
    /** Its node rebuilds as many volumes at once as it may. */
    REBUILD_SLOT("rebuild_slot");

    private final String word;

    WaitingFor(String word) {
        this.word = word;
    }

    @Override
    public String word() {
        return word;
    }
}
