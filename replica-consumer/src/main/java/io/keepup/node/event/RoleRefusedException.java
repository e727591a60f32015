package io.keepup.node.event;

/** This node does not take the role it was given, whenever it is asked; the message is one sentence. */
public final class RoleRefusedException extends RuntimeException {

    private final transient FaultReport report;

    public RoleRefusedException(FaultReport report) {
        super(report.detail());
        this.report = report;
    }

    /** Why. */
    public FaultReport report() {
        return report;
    }
}
