package io.keepup.engine.word;

/** What the primary decided for one replica [E4]. */
public enum SessionKind implements Word {
    /** Nothing decided yet in this epoch. */
    NONE("none"),
    KEEPUP("keepup"),
    CATCHUP("catchup"),
    REBUILD("rebuild");

    private final String word;

    SessionKind(String word) {
        this.word = word;
    }

    @Override
    public String word() {
        return word;
    }
}
