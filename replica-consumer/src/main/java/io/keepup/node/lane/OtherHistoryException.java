package io.keepup.node.lane;

/** The entry before the first one needed is not the reader's own, but of another epoch: their histories differ [P5]. */
public final class OtherHistoryException extends RuntimeException {

    public OtherHistoryException(String message) {
        super(message);
    }
}
