package io.keepup.streams.fold;

import io.keepup.engine.state.VolumeState;
import io.keepup.v1.RejectReason;
import java.util.ArrayList;
import java.util.List;

/**
 * All that follows from one record, ready to be written: nothing in it can fail any more.
 *
 * @param volume the next state, null when it stays as it is
 * @param state the same as bytes for the store
 * @param outputs in the order they must be sent
 * @param rejected why the record was refused, null when it was folded
 */
public record Outcome(VolumeState volume, byte[] state, List<Output> outputs, RejectReason rejected) {

    /** Record types of the commands among the outputs. */
    public List<String> commandTypes() {
        List<String> types = new ArrayList<>(outputs.size());
        for (Output output : outputs) {
            String sink = output.sink();
            if (sink.equals(KeepupTopology.SINK_COMMANDS_NODE) || sink.equals(KeepupTopology.SINK_COMMANDS_SESSION)) {
                types.add(output.type());
            }
        }
        return types;
    }
}
