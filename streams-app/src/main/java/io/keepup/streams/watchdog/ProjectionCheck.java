package io.keepup.streams.watchdog;

import static io.keepup.streams.watchdog.Watchdog.SOURCE;

import io.keepup.engine.Policy;
import io.keepup.engine.VolumeOverview;
import io.keepup.engine.message.Event;
import io.keepup.engine.message.Meta;
import io.keepup.engine.state.View;
import io.keepup.engine.state.VolumeState;
import io.keepup.streams.mapping.ProjectionMapping;
import io.keepup.streams.view.PublishedProjections;
import io.keepup.streams.view.PublishedProjections.Newest;
import io.keepup.streams.view.VolumeChanges;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * Finds volumes whose newest record on the projections topic is not what the fold published last, because somebody else wrote
 * or deleted it [Q5]. Looks once at every volume that the topic has a new record of, when nothing has changed of it for a
 * while: until then the fold's own record may still be under way. At its start it looks at all. Not thread-safe.
 */
public final class ProjectionCheck implements AutoCloseable {

    /** How long a volume and its record must not have changed. */
    public static final Duration QUIET = Duration.ofSeconds(5);

    /** Volumes looked at in one go, so that a transaction stays short. */
    private static final int MAX_AT_ONCE = 500;

    private final Policy policy;
    private final PublishedProjections published;
    private final VolumeChanges changes;
    /** Volumes to look at, with the time since when nothing has changed, ms, the earliest first. */
    private final Map<String, Long> unchecked = new LinkedHashMap<>();

    private boolean all;

    /** A record that is not the fold's, at that partition and offset; the offset is -1 when there is no record. */
    public record Overwritten(Event.ProjectionOverwritten event, int partition, long offset) {}

    public ProjectionCheck(Policy policy, PublishedProjections published) {
        this.policy = policy;
        this.published = published;
        this.changes = published.subscribe();
    }

    /** The fold changes the volume now; all times but those for people are of {@link WatchTime}, ms. */
    public void changed(String volumeId, long now) {
        if (unchecked.remove(volumeId) != null) {
            unchecked.put(volumeId, now);
        }
    }

    /**
     * The volumes that are due and whose newest record is not the fold's.
     *
     * @param volumes all volumes of this task
     * @param volume one of them by id; null when this task does not hold it
     * @param now ms
     * @param wallMs ms since 1970, for people
     */
    public List<Overwritten> overdue(
            Iterable<VolumeState> volumes, Function<String, VolumeState> volume, long now, long wallMs) {
        for (String changed : changes.take()) {
            unchecked.remove(changed);
            unchecked.put(changed, now);
        }
        if (!all && published.complete()) {
            all = true;
            volumes.forEach(each -> unchecked.putIfAbsent(each.volumeId(), now));
        }
        List<Overwritten> overwritten = new ArrayList<>(0);
        Iterator<Map.Entry<String, Long>> longest = unchecked.entrySet().iterator();
        for (int looked = 0; looked < MAX_AT_ONCE && longest.hasNext(); looked++) {
            Map.Entry<String, Long> next = longest.next();
            if (now - next.getValue() < QUIET.toMillis()) {
                break; // and all behind it changed later
            }
            VolumeState state = volume.apply(next.getKey());
            if (state != null) {
                check(state, wallMs, overwritten);
            }
            longest.remove();
        }
        return overwritten;
    }

    private void check(VolumeState state, long wallMs, List<Overwritten> into) {
        Newest newest = published.newest(state.volumeId()).orElse(new Newest(null, 0, -1));
        if (newest.projection() != null && isOf(state, newest)) {
            return;
        }
        View view = ofNewestEpoch(state);
        Meta meta = new Meta(
                "%s/%s/%s/projection_overwritten/%s".formatted(SOURCE, state.volumeId(), view.epoch(), newest.offset()),
                state.volumeId(),
                view.nodeId(),
                view.epoch(),
                wallMs,
                SOURCE);
        into.add(new Overwritten(new Event.ProjectionOverwritten(meta), newest.partition(), newest.offset()));
    }

    /** One that may report, which those of an earlier epoch may not all [invariant 3]. */
    private static View ofNewestEpoch(VolumeState state) {
        for (View view : state.views()) {
            if (view.epoch() == state.epoch()) {
                return view;
            }
        }
        throw new IllegalStateException("volume %s has no view of its epoch".formatted(state.volumeId()));
    }

    private boolean isOf(VolumeState state, Newest newest) {
        io.keepup.v1.Meta meta = newest.projection().getMeta();
        return meta.getVolumeId().equals(state.volumeId())
                && meta.getNodeId().equals(state.primaryId())
                && meta.getEpoch() == state.epoch()
                && newest.projection().equals(ProjectionMapping.toWire(VolumeOverview.of(policy, state), meta));
    }

    @Override
    public void close() {
        changes.close();
    }
}
