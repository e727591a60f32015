package io.keepup.node.event;

import io.keepup.v1.NodeFault;

/** This node does not take the role it was given; the message is one sentence. */
public final class RoleRefusedException extends RuntimeException {

    private final transient FaultReport report;

    public RoleRefusedException(FaultReport report) {
        super(report.detail());
        this.report = report;
    }

    /** Whether the same role is to be asked for again: a copy in another size may be deleted, or another size assigned. */
    public boolean mayPass() {
        return report.fault() == NodeFault.size_mismatch;
    }

    /** Why. */
    public FaultReport report() {
        return report;
    }
}
