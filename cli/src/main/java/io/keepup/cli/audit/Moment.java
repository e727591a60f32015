package io.keepup.cli.audit;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.keepup.cli.EventText;
import io.keepup.engine.Policy;
import io.keepup.engine.Projection;
import io.keepup.engine.VolumeOverview;
import io.keepup.engine.message.Command;
import io.keepup.engine.state.VolumeState;
import io.keepup.schemas.codec.RecordJson;
import io.keepup.streams.fold.Ruling;
import java.time.Instant;
import java.util.List;

/**
 * One event and everything that came of it.
 *
 * @param at when Kafka got the event
 * @param refused reason and sentence, empty when it was folded
 * @param changes what it changed
 * @param decision with the facts it was made from, empty when there was none
 * @param commands each with the nodes it goes to
 * @param mode of the volume afterwards
 * @param modeBefore the same before
 */
public record Moment(
        Ruling ruling,
        Instant at,
        String type,
        String text,
        String refused,
        List<String> changes,
        String decision,
        List<Command> commands,
        Projection mode,
        Projection modeBefore) {

    static Moment of(Ruling ruling, Policy policy, Projection modeBefore) {
        Instant at = Instant.ofEpochMilli(ruling.record().timestamp());
        String type =
                ruling.said() == null ? "(no event)" : ruling.said().getSchema().getName();
        String text = ruling.said() == null ? "" : EventText.of(ruling.said());
        return switch (ruling) {
            case Ruling.Refused r ->
                new Moment(
                        r,
                        at,
                        type,
                        text,
                        "%s: %s".formatted(r.reason(), r.detail()),
                        List.of(),
                        "",
                        List.of(),
                        modeBefore,
                        modeBefore);
            case Ruling.Admitted r -> {
                VolumeState after = r.step().state();
                yield new Moment(
                        r,
                        at,
                        type,
                        text,
                        "",
                        after == r.before() ? List.of() : Changes.between(r.before(), after),
                        Reason.of(r),
                        r.step().commands(),
                        after == r.before() ? modeBefore : mode(policy, after),
                        modeBefore);
            }
        };
    }

    /** Mode, reason and health of a volume [E10]. */
    static Projection mode(Policy policy, VolumeState state) {
        return VolumeOverview.of(policy, state).projection();
    }

    long offset() {
        return ruling.record().offset();
    }

    boolean modeChanged() {
        return !mode.equals(modeBefore);
    }

    /** {@code degraded (pin_lost)}. */
    static String words(Projection mode) {
        return mode.reason().isEmpty()
                ? mode.mode().word()
                : "%s (%s)".formatted(mode.mode().word(), mode.reason());
    }

    /** One object, for one line. */
    ObjectNode json() {
        ObjectNode json = JsonNodeFactory.instance
                .objectNode()
                .put("partition", ruling.record().partition())
                .put("offset", offset())
                .put("time", at.toString())
                .put("type", type);
        json.set("event", ruling.said() == null ? null : RecordJson.of(ruling.said()));
        boolean no = ruling instanceof Ruling.Refused;
        json.put("rejected", no ? ((Ruling.Refused) ruling).reason().toString() : null);
        json.put("detail", no ? ((Ruling.Refused) ruling).detail() : null);
        ArrayNode changed = json.putArray("changes");
        changes.forEach(changed::add);
        json.put("decision", decision.isEmpty() ? null : decision);
        ArrayNode sent = json.putArray("commands");
        for (Command command : commands) {
            ObjectNode one = sent.addObject()
                    .put("type", command.getClass().getSimpleName())
                    .put("id", command.commandId());
            ArrayNode to = one.putArray("to");
            command.targets().forEach(to::add);
        }
        return json.put("mode", mode.mode().word()).put("reason", mode.reason()).put("healthy", mode.healthy());
    }
}
