package io.keepup.engine.state;

import io.keepup.engine.message.Event;

/** The gates a node has passed for one volume [E1], [E2]. */
public record Readiness(
        boolean assigned,
        boolean roleApplied,
        boolean receiverReady,
        boolean shipperConfigured,
        boolean shipperConnected) {

    /** No assignment yet. */
    public static final Readiness NONE = new Readiness(false, false, false, false, false);

    /** Assigned, and nothing else proven. */
    public static final Readiness ASSIGNED = new Readiness(true, false, false, false, false);

    public Readiness withAssigned() {
        return assigned ? this : new Readiness(true, roleApplied, receiverReady, shipperConfigured, shipperConnected);
    }

    /** Overwrites only the flags that the event carries [E2]. */
    public Readiness with(Event.ReadinessObserved event) {
        boolean role = either(event.roleApplied(), roleApplied);
        boolean receiver = either(event.receiverReady(), receiverReady);
        boolean configured = either(event.shipperConfigured(), shipperConfigured);
        boolean connected = either(event.shipperConnected(), shipperConnected);
        return role == roleApplied
                        && receiver == receiverReady
                        && configured == shipperConfigured
                        && connected == shipperConnected
                ? this
                : new Readiness(assigned, role, receiver, configured, connected);
    }

    private static boolean either(Boolean observed, boolean current) {
        return observed == null ? current : observed;
    }
}
