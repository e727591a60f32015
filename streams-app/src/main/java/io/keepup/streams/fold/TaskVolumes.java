package io.keepup.streams.fold;

import io.keepup.engine.state.VolumeState;
import io.keepup.streams.state.FoldedMark;
import io.keepup.streams.state.StateCodec;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
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
    private final KeyValueStore<String, byte[]> marks;
    private final Map<String, Held> volumes = new HashMap<>();
    private FoldedMark mark;
    private long digest;

    private record Held(VolumeState volume, long digest) {}

    /**
     * Reads all that the stores hold.
     *
     * @throws io.keepup.streams.state.StateException when they hold what is no state
     */
    TaskVolumes(KeyValueStore<String, byte[]> store, KeyValueStore<String, byte[]> marks) {
        this.store = store;
        this.marks = marks;
        StateCodec states = new StateCodec();
        try (KeyValueIterator<String, byte[]> all = store.all()) {
            while (all.hasNext()) {
                KeyValue<String, byte[]> stored = all.next();
                hold(stored.key, states.decode(stored.value), stored.value);
            }
        }
        byte[] marked = marks.get(FoldedMark.KEY);
        mark = marked == null ? null : FoldedMark.decode(marked);
    }

    private void hold(String volumeId, VolumeState volume, byte[] state) {
        Held held = new Held(volume, FoldedMark.digest(state));
        Held before = volumes.put(volumeId, held);
        digest += held.digest - (before == null ? 0 : before.digest);
    }

    boolean isEmpty() {
        return volumes.isEmpty();
    }

    Iterable<VolumeState> all() {
        return volumes.values().stream().map(Held::volume)::iterator;
    }

    /** What they were folded from; null when that is not told, as when nothing was. */
    FoldedMark mark() {
        return mark;
    }

    /** Whether the volumes are those that the mark was written with. */
    boolean agreesWithMark() {
        return mark.volumes() == volumes.size() && mark.digest() == digest;
    }

    /** The volume's state; the initial one for a volume not heard of. */
    VolumeState get(String volumeId) {
        Held known = volumes.get(volumeId);
        return known == null ? VolumeState.initial(volumeId) : known.volume;
    }

    /** The volume's state; null for a volume without. */
    VolumeState known(String volumeId) {
        Held known = volumes.get(volumeId);
        return known == null ? null : known.volume;
    }

    /** @param state the same as bytes */
    void put(VolumeState volume, byte[] state) {
        store.put(volume.volumeId(), state);
        hold(volume.volumeId(), volume, state);
    }

    /** Everything before that offset has been folded. */
    void folded(long next) {
        mark = new FoldedMark(next, volumes.size(), digest);
        marks.put(FoldedMark.KEY, mark.encode());
    }

    /** Without any volume, in memory and in the store. */
    static TaskVolumes emptied(KeyValueStore<String, byte[]> store, KeyValueStore<String, byte[]> marks) {
        List<String> old = new ArrayList<>();
        try (KeyValueIterator<String, byte[]> all = store.all()) {
            all.forEachRemaining(entry -> old.add(entry.key));
        }
        old.forEach(store::delete);
        marks.delete(FoldedMark.KEY);
        return new TaskVolumes(store, marks);
    }
}
