package io.keepup.engine;

/** The guard's answer to one event. */
public sealed interface Admission {

    /** The event goes to the step. */
    record Admitted() implements Admission {
        static final Admitted YES = new Admitted();
    }

    /** The event is lawful and says nothing new: no change, no command [G8]. */
    record Repeated() implements Admission {
        static final Repeated YES = new Repeated();
    }

    /** The event changes nothing; it is kept with its reason, and counted. */
    record Rejected(RejectReason reason, String detail) implements Admission, Folded {}
}
