package io.keepup.streams.mapping;

import io.keepup.engine.word.AckKind;
import io.keepup.engine.word.FailureReason;
import io.keepup.engine.word.Mode;
import io.keepup.engine.word.NodeFault;
import io.keepup.engine.word.Role;
import io.keepup.engine.word.SessionCause;
import io.keepup.engine.word.SessionKind;
import io.keepup.engine.word.SessionPhase;
import io.keepup.engine.word.SessionState;
import io.keepup.engine.word.WaitingFor;

/** The enums of {@code io.keepup.v1} and their engine counterparts. */
final class WireWords {

    static final Words<Role, io.keepup.v1.Role> ROLE =
            new Words<>(Role.class, io.keepup.v1.Role.class, null, io.keepup.v1.Role.unknown);
    static final Words<Mode, io.keepup.v1.Mode> MODE =
            new Words<>(Mode.class, io.keepup.v1.Mode.class, null, io.keepup.v1.Mode.unknown);
    static final Words<SessionKind, io.keepup.v1.SessionKind> KIND =
            new Words<>(SessionKind.class, io.keepup.v1.SessionKind.class, null, io.keepup.v1.SessionKind.unknown);
    static final Words<SessionState, io.keepup.v1.SessionState> STATE =
            new Words<>(SessionState.class, io.keepup.v1.SessionState.class, null, io.keepup.v1.SessionState.unknown);
    static final Words<SessionPhase, io.keepup.v1.SessionPhase> PHASE =
            new Words<>(SessionPhase.class, io.keepup.v1.SessionPhase.class, null, io.keepup.v1.SessionPhase.unknown);
    static final Words<AckKind, io.keepup.v1.AckKind> ACK_KIND =
            new Words<>(AckKind.class, io.keepup.v1.AckKind.class, null, io.keepup.v1.AckKind.unknown);

    /** No reason is null on the wire. */
    static final Words<FailureReason, io.keepup.v1.FailureReason> FAILURE = new Words<>(
            FailureReason.class, io.keepup.v1.FailureReason.class, null, io.keepup.v1.FailureReason.unknown);

    /** No cause is null on the wire. */
    static final Words<SessionCause, io.keepup.v1.SessionCause> CAUSE =
            new Words<>(SessionCause.class, io.keepup.v1.SessionCause.class, null, io.keepup.v1.SessionCause.unknown);

    static final Words<NodeFault, io.keepup.v1.NodeFault> NODE_FAULT = new Words<>(
            NodeFault.class, io.keepup.v1.NodeFault.class, io.keepup.v1.NodeFault.none, io.keepup.v1.NodeFault.unknown);

    /** Waiting for nothing is null on the wire. */
    static final Words<WaitingFor, io.keepup.v1.WaitingFor> WAITING_FOR =
            new Words<>(WaitingFor.class, io.keepup.v1.WaitingFor.class, null, io.keepup.v1.WaitingFor.unknown);

    private WireWords() {}
}
