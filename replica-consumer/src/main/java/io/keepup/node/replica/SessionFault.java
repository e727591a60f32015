package io.keepup.node.replica;

import io.keepup.v1.FailureReason;

/** A session ends without its target, for a reason of the protocol's list. */
final class SessionFault extends RuntimeException {

    private final FailureReason reason;

    SessionFault(FailureReason reason, String detail) {
        super(detail);
        this.reason = reason;
    }

    SessionFault(FailureReason reason, String detail, Throwable cause) {
        super(detail, cause);
        this.reason = reason;
    }

    FailureReason reason() {
        return reason;
    }
}
