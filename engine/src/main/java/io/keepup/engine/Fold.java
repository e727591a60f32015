package io.keepup.engine;

import io.keepup.engine.message.Event;
import io.keepup.engine.state.VolumeState;

/** Guard and step together: what the runtime and every replay call for each event of a volume, in the log's order. */
public final class Fold {

    private final Engine engine;

    public Fold(Policy policy) {
        this.engine = new Engine(policy);
    }

    /** Never throws for anything an event says: what is not admitted comes back with its reason [invariant 8]. */
    public Folded apply(VolumeState state, Event event) {
        return switch (Guard.admit(state, event)) {
            case Admission.Admitted yes -> engine.step(state, event);
            case Admission.Repeated nothingNew -> engine.unchanged(state, event);
            case Admission.Rejected no -> no;
        };
    }
}
