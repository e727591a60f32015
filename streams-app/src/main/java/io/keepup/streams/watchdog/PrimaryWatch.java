package io.keepup.streams.watchdog;

import static io.keepup.streams.watchdog.Watchdog.SOURCE;

import io.keepup.engine.message.Event;
import io.keepup.engine.message.Meta;
import io.keepup.engine.state.Readiness;
import io.keepup.engine.state.View;
import io.keepup.engine.state.VolumeState;
import io.keepup.engine.word.Role;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Remembers when each primary was last heard, and says which have been silent for too long: a dead one says nothing, and what
 * it said last would pass for the truth for ever. Its syncs are what is listened for: it relays them also while nothing
 * changes. A primary is missed only once it has begun, and only if it has replicas to ask; before that the mode says what is
 * awaited anyhow. All times but those for people are of {@link WatchTime}, and begin anew after a restart.
 *
 * <p>Not thread-safe: one for each stream task. A look costs as much as there are silences to tell.
 */
public final class PrimaryWatch {

    private final Duration limit;
    /** By volume; whoever was heard last stands last. */
    private final Map<String, Heard> primaries = new LinkedHashMap<>();

    public PrimaryWatch(WatchdogSettings settings) {
        this.limit = settings.silenceLimit();
    }

    /**
     * A primary that is missed.
     *
     * @param event its id follows from volume, epoch and sync, so that the same silence told twice is the same event
     * @param since ms since 1970: when the primary was last heard, for people
     */
    public record Silence(Event.PrimarySilent event, long since) {}

    /** A primary by what it said last. */
    private record Heard(String nodeId, long epoch, long syncId, Readiness readiness, long at) {
        boolean saysTheSame(View view) {
            return nodeId.equals(view.nodeId())
                    && epoch == view.epoch()
                    && syncId == view.lastSyncId()
                    && readiness.equals(view.readiness());
        }
    }

    /** The volume stands like this from now on. */
    public void see(VolumeState volume, long now) {
        View primary = volume.primaryView();
        if (primary == null || !isWatched(primary)) {
            primaries.remove(volume.volumeId());
            return;
        }
        Heard known = primaries.get(volume.volumeId());
        if (known == null || !known.saysTheSame(primary)) {
            primaries.remove(volume.volumeId());
            primaries.put(
                    volume.volumeId(),
                    new Heard(primary.nodeId(), primary.epoch(), primary.lastSyncId(), primary.readiness(), now));
        }
    }

    private static boolean isWatched(View view) {
        return view.role() == Role.PRIMARY
                && view.readiness().shipperConnected() // it asks from then on
                && !view.replicas().isEmpty()
                && !view.silent();
    }

    /**
     * Who is missed at that time; each silence once.
     *
     * @param wallMs ms since 1970, for people
     */
    public List<Silence> overdue(long now, long wallMs) {
        List<Silence> silences = new ArrayList<>();
        Iterator<Map.Entry<String, Heard>> longest = primaries.entrySet().iterator();
        while (longest.hasNext()) {
            Map.Entry<String, Heard> next = longest.next();
            if (now - next.getValue().at() <= limit.toMillis()) {
                break; // and all behind it were heard later
            }
            silences.add(silence(next.getKey(), next.getValue(), now, wallMs));
            longest.remove();
        }
        return silences;
    }

    private static Silence silence(String volumeId, Heard heard, long now, long wallMs) {
        Meta meta = new Meta(
                "%s/%s/%s/primary_silent/%s".formatted(SOURCE, volumeId, heard.epoch(), heard.syncId()),
                volumeId,
                heard.nodeId(),
                heard.epoch(),
                wallMs,
                SOURCE);
        return new Silence(new Event.PrimarySilent(meta, heard.syncId()), wallMs - (now - heard.at()));
    }

    /** Primaries it listens for. */
    int watched() {
        return primaries.size();
    }
}
