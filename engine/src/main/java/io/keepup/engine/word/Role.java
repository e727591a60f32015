package io.keepup.engine.word;

/** What the master makes of a node for one volume [E1]. */
public enum Role implements Word {
    PRIMARY("primary"),
    REPLICA("replica"),
    NONE("none");

    private final String word;

    Role(String word) {
        this.word = word;
    }

    @Override
    public String word() {
        return word;
    }
}
