package io.keepup.engine.message;

import io.keepup.engine.word.WaitingFor;
import java.util.Objects;

/**
 * How fast a session goes, as its replica tells it. No decision looks at it.
 *
 * @param waitingFor what it waits for before it begins
 * @param baseBytes received on the base lane
 * @param walBytes received on the WAL lane
 * @param bytesPerSecond received on both lanes over the last minute
 * @param secondsLeft at this pace; {@link #UNKNOWN} when there is no telling
 */
public record Pace(WaitingFor waitingFor, long baseBytes, long walBytes, long bytesPerSecond, long secondsLeft) {

    public static final long UNKNOWN = -1;

    /** Nothing was told. */
    public static final Pace NONE = new Pace(WaitingFor.NONE, 0, 0, 0, UNKNOWN);

    public Pace {
        Objects.requireNonNull(waitingFor, "waitingFor");
    }

    /** It has not begun and is not expected to get on. */
    public boolean waiting() {
        return waitingFor != WaitingFor.NONE;
    }
}
