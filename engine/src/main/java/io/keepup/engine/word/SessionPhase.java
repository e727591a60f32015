package io.keepup.engine.word;

/** Where a session stands, as the replica sees it. */
public enum SessionPhase implements Word {
    ACCEPTED("accepted"),
    RUNNING("running"),
    BASE_COMPLETE("base_complete"),
    COMPLETED("completed"),
    FAILED("failed");

    private final String word;

    SessionPhase(String word) {
        this.word = word;
    }

    @Override
    public String word() {
        return word;
    }
}
