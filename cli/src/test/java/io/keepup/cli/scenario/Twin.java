package io.keepup.cli.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import io.keepup.engine.Admission;
import io.keepup.engine.Fold;
import io.keepup.engine.Policy;
import io.keepup.engine.Step;
import io.keepup.engine.VolumeOverview;
import io.keepup.engine.message.Command;
import io.keepup.engine.message.Event;
import io.keepup.engine.state.VolumeState;
import io.keepup.schemas.topic.Topics;
import io.keepup.streams.mapping.CommandMapping;
import io.keepup.streams.mapping.EventMapping;
import io.keepup.streams.mapping.ProjectionMapping;
import io.keepup.streams.mapping.UnknownWordException;
import io.keepup.v1.Meta;
import io.keepup.v1.RejectReason;
import io.keepup.v1.Rejected;
import io.keepup.v1.VolumeProjection;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.avro.specific.SpecificRecord;

/**
 * Folds the log of one volume once more, with the engine alone, and holds what the Streams app put on the topics against it:
 * whatever happened to the app or on the way, the same log gave the same commands, projections and refusals, each once
 * [invariants 1, 8].
 */
final class Twin {

    private static final String SOURCE = "engine/safe";

    private final Policy policy = Policy.safe();
    private final Fold fold = new Fold(policy);
    private final String volumeId;
    private final Map<String, SpecificRecord> commands = new LinkedHashMap<>();
    private final List<VolumeProjection> projections = new ArrayList<>();
    private final List<Long> refused = new ArrayList<>();
    private VolumeState state;

    Twin(String volumeId) {
        this.volumeId = volumeId;
        this.state = VolumeState.initial(volumeId);
    }

    void assertSame(Seen seen) {
        seen.on(Topics.EVENTS).forEach(this::take);

        Map<String, SpecificRecord> sent = new LinkedHashMap<>();
        List<Seen.Entry> all = new ArrayList<>(seen.on(Topics.COMMANDS_NODE));
        all.addAll(seen.on(Topics.COMMANDS_SESSION));
        Stream.concat(all.stream().map(Seen.Entry::value), seen.lost().stream())
                .filter(c -> meta(c).getSource().equals(SOURCE)) // a test may send some of its own
                .forEach(c -> sent.put(meta(c).getEventId(), c));
        assertThat(sent).as("commands of the fold").containsExactlyInAnyOrderEntriesOf(commands);
        assertThat(seen.projections()).as("projections").isEqualTo(projections);
        assertThat(seen.values(
                        Rejected.class, r -> r.getReason() != RejectReason.undecodable)) // of those nothing is seen
                .extracting(Rejected::getOffset)
                .isEqualTo(refused);
    }

    private void take(Seen.Entry entry) {
        Optional<Event> event = event(entry.value());
        if (event.isEmpty()) {
            refused.add(entry.record().offset());
            return;
        }
        switch (fold.apply(state, event.get())) {
            case Admission.Rejected no -> refused.add(entry.record().offset());
            case Step step -> {
                step.commands().forEach(this::sent);
                shown(event.get(), step.state());
                state = step.state();
            }
        }
    }

    private static Optional<Event> event(SpecificRecord value) {
        try {
            return value == null ? Optional.empty() : EventMapping.toEngine(value);
        } catch (UnknownWordException e) {
            return Optional.empty();
        }
    }

    private void sent(Command command) {
        for (String target : command.targets()) {
            Meta meta = CommandMapping.meta(command, target, SOURCE);
            commands.put(meta.getEventId(), CommandMapping.toWire(command, meta));
        }
    }

    private void shown(Event event, VolumeState after) {
        Meta meta = new Meta(
                "projection/" + event.meta().eventId(),
                volumeId,
                after.primaryId(),
                after.epoch(),
                Instant.ofEpochMilli(event.meta().occurredAt()),
                SOURCE);
        VolumeProjection next = ProjectionMapping.toWire(VolumeOverview.of(policy, after), meta);
        boolean same = state == after
                || state.epoch() == after.epoch()
                        && next.equals(ProjectionMapping.toWire(VolumeOverview.of(policy, state), meta));
        if (!same || event instanceof Event.ProjectionOverwritten) {
            projections.add(next);
        }
    }

    private static Meta meta(SpecificRecord record) {
        return (Meta) record.get(record.getSchema().getField("meta").pos());
    }
}
