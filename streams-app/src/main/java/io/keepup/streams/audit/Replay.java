package io.keepup.streams.audit;

import io.keepup.engine.Policy;
import io.keepup.engine.state.VolumeState;
import io.keepup.schemas.codec.RecordCodec;
import io.keepup.streams.fold.Decider;
import io.keepup.streams.fold.Output;
import io.keepup.streams.fold.Ruling;
import io.keepup.streams.fold.SourceRecord;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * Folds the events of one partition again, by the very code that folds them in the app, and remembers the state of each
 * volume as the app's store would [invariant 1]. Not thread-safe.
 */
public final class Replay {

    private final Decider decider;
    private final Map<String, VolumeState> volumes = new HashMap<>();

    /** @param partitions of the events topic */
    public Replay(RecordCodec codec, Policy policy, int partitions) {
        this.decider = new Decider(codec, policy, partitions);
    }

    /**
     * What the next event comes to. Events of a volume must come in the order of the log, from the first one on.
     *
     * @throws io.keepup.schemas.registry.RegistryException when a schema cannot be had: nothing happened
     */
    public Ruling next(ConsumerRecord<byte[], byte[]> event) {
        Ruling ruling = decider.rule(SourceRecord.of(event), this::state);
        if (ruling instanceof Ruling.Admitted admitted) {
            volumes.put(admitted.before().volumeId(), admitted.step().state());
        }
        return ruling;
    }

    /** All records that the app sends after such a ruling, in its order. */
    public List<Output> outputs(Ruling ruling) {
        return decider.outputs(ruling);
    }

    /** The volume after the events so far; the initial one when none of its was admitted. */
    public VolumeState state(String volumeId) {
        VolumeState state = volumes.get(volumeId);
        return state == null ? VolumeState.initial(volumeId) : state;
    }
}
