package io.keepup.streams.audit;

/** Is told how far an audit has come. */
public interface Progress {

    /** A total that nobody knows. */
    long UNKNOWN = -1;

    /** For whoever does not care. */
    Progress NONE = (what, done, total) -> {};

    /**
     * Called every few thousand records.
     *
     * @param what is being done, in a few words
     * @param total how much there is, in the same unit as {@code done}, or {@link #UNKNOWN}
     */
    void at(String what, long done, long total);
}
