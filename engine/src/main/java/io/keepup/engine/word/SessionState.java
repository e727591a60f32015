package io.keepup.engine.word;

/** Where a session stands, as the engine sees it [E5]-[E8]. */
public enum SessionState implements Word {
    IDLE("idle"),
    ISSUED("issued"),
    RUNNING("running"),
    FAILED("failed");

    private final String word;

    SessionState(String word) {
        this.word = word;
    }

    @Override
    public String word() {
        return word;
    }
}
