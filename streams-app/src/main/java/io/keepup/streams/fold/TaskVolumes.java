package io.keepup.streams.fold;

import io.keepup.engine.state.VolumeState;
import io.keepup.streams.state.StateCodec;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;

/**
 * The volumes of one stream task, ready to be folded: some 1 KB each, so that no event has to decode what the one before
 * it encoded. The store holds the same as bytes, to be restored from. What is remembered here is worth as much as the
 * task's hold on the store: a task that begins, or begins again after an aborted transaction, begins with a new one of
 * these.
 */
final class TaskVolumes {

    private final KeyValueStore<String, byte[]> store;
    private final Map<String, VolumeState> volumes = new HashMap<>();

    /**
     * Reads all that the store holds.
     *
     * @param each told of every volume
     */
    TaskVolumes(KeyValueStore<String, byte[]> store, Consumer<VolumeState> each) {
        this.store = store;
        StateCodec states = new StateCodec();
        try (KeyValueIterator<String, byte[]> all = store.all()) {
            while (all.hasNext()) {
                KeyValue<String, byte[]> stored = all.next();
                VolumeState volume = states.decode(stored.value);
                volumes.put(stored.key, volume);
                each.accept(volume);
            }
        }
    }

    /** The volume's state; the initial one for a volume not heard of. */
    VolumeState get(String volumeId) {
        VolumeState known = volumes.get(volumeId);
        return known == null ? VolumeState.initial(volumeId) : known;
    }

    /** @param state the same as bytes */
    void put(VolumeState volume, byte[] state) {
        store.put(volume.volumeId(), state);
        volumes.put(volume.volumeId(), volume);
    }
}
