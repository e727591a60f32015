package io.keepup.streams.fold;

/**
 * The wall clock was put back. Kafka's clients measure by it: a consumer would send its next heartbeat only when the clock is there
 * again, and be thrown out of its group every few seconds until then. So its stream thread ends, and a new one begins with new
 * clients. The message is one sentence.
 */
public final class ClockSetBackException extends RuntimeException {

    ClockSetBackException(long byMs) {
        super("the wall clock was put back by %s ms".formatted(byMs));
    }
}
