package io.keepup.streams.state;

import io.keepup.engine.word.AckKind;
import io.keepup.engine.word.FailureReason;
import io.keepup.engine.word.NodeFault;
import io.keepup.engine.word.Role;
import io.keepup.engine.word.SessionCause;
import io.keepup.engine.word.SessionKind;
import io.keepup.engine.word.SessionState;
import io.keepup.engine.word.WaitingFor;
import io.keepup.streams.mapping.Words;
import io.keepup.v1.state.StoredAckKind;
import io.keepup.v1.state.StoredCause;
import io.keepup.v1.state.StoredFailure;
import io.keepup.v1.state.StoredNodeFault;
import io.keepup.v1.state.StoredRole;
import io.keepup.v1.state.StoredSessionKind;
import io.keepup.v1.state.StoredSessionState;
import io.keepup.v1.state.StoredWaitingFor;

/** The enums of {@code io.keepup.v1.state} and their engine counterparts; here every engine constant has a symbol. */
final class StateWords {

    static final Words<Role, StoredRole> ROLE = new Words<>(Role.class, StoredRole.class, null, null);
    static final Words<SessionKind, StoredSessionKind> KIND =
            new Words<>(SessionKind.class, StoredSessionKind.class, null, null);
    static final Words<SessionState, StoredSessionState> STATE =
            new Words<>(SessionState.class, StoredSessionState.class, null, null);
    static final Words<SessionCause, StoredCause> CAUSE =
            new Words<>(SessionCause.class, StoredCause.class, StoredCause.none, null);
    static final Words<FailureReason, StoredFailure> FAILURE =
            new Words<>(FailureReason.class, StoredFailure.class, StoredFailure.none, null);
    static final Words<WaitingFor, StoredWaitingFor> WAITING_FOR =
            new Words<>(WaitingFor.class, StoredWaitingFor.class, StoredWaitingFor.none, null);
    static final Words<NodeFault, StoredNodeFault> NODE_FAULT =
            new Words<>(NodeFault.class, StoredNodeFault.class, null, null);
    static final Words<AckKind, StoredAckKind> ACK_KIND = new Words<>(AckKind.class, StoredAckKind.class, null, null);

    private StateWords() {}
}
