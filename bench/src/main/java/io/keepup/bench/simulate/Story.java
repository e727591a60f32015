package io.keepup.bench.simulate;

import io.keepup.bench.simulate.check.Violation;
import io.keepup.bench.simulate.log.SimulatedLog;
import io.keepup.bench.simulate.log.Stored;
import io.keepup.bench.simulate.plan.Item;
import io.keepup.bench.simulate.plan.Plan;
import io.keepup.bench.simulate.time.Scheduler;
import io.keepup.schemas.codec.RecordCodec;
import io.keepup.schemas.codec.UndecodableException;
import io.keepup.schemas.topic.Topics;
import io.keepup.v1.Meta;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.apache.avro.Schema;
import org.apache.avro.generic.IndexedRecord;
import org.apache.avro.specific.SpecificRecord;

/** Tells people what happened in a history that went wrong: what was done to it, and what was said around the end. */
final class Story {

    private static final int LINES = 60;
    private static final long AFTER_MILLIS = 3_000;
    /** Fields of which people learn nothing here. */
    private static final Set<String> LEFT_OUT =
            Set.of("headers", "key", "value", "topic", "timestamp", "dataAddr", "ctrlAddr");

    private final RecordCodec codec;

    Story(RecordCodec codec) {
        this.codec = codec;
    }

    String of(Plan small, Plan whole) {
        StringBuilder text = new StringBuilder();
        text.append("seed %s, %s of %s deeds are enough:%n"
                .formatted(whole.seed(), small.items().size(), whole.items().size()));
        for (Item item : small.items()) {
            text.append("  ").append(item).append('\n');
        }
        try {
            History.Result result = History.tell(small, codec);
            text.append(result.violation()).append('\n');
            if (result.violation() != null) {
                trace(text, result);
            }
        } catch (Scheduler.BrokenOff e) {
            StringWriter trace = new StringWriter();
            e.printStackTrace(new PrintWriter(trace));
            text.append(trace);
        }
        text.append("again: keepup bench simulate --histories 1 --seed %s%n".formatted(whole.seed()));
        return text.toString();
    }

    private void trace(StringBuilder text, History.Result result) {
        List<Stored> records = new ArrayList<>();
        for (String topic : List.of(Topics.EVENTS, Topics.COMMANDS_NODE, Topics.COMMANDS_SESSION, Topics.REJECTED)) {
            records.addAll(result.log().all(topic));
        }
        records.removeIf(Stored::marker);
        records.sort(Comparator.comparingLong(Stored::at));
        String volumeId = result.violation().volumeId();
        List<String> lines = new ArrayList<>();
        boolean noRest = result.violation().invariant() == Violation.LIVENESS;
        for (Stored each : records) {
            if (noRest && each.at() > (Plan.END_MILLIS + AFTER_MILLIS) * 1_000_000) {
                break; // it goes on like that
            }
            line(each, volumeId).ifPresent(lines::add);
        }
        lines.subList(0, Math.max(0, lines.size() - LINES)).clear();
        lines.forEach(line -> text.append(line).append('\n'));
        lane(text, result.log(), volumeId);
    }

    /** What lies on the WAL lane: offset, sender, epoch and LSNs of each record. */
    private void lane(StringBuilder text, SimulatedLog log, String volumeId) {
        String topic = Topics.wal(volumeId);
        if (!log.exists(topic)) {
            return;
        }
        text.append("WAL lane from offset %s:%n".formatted(log.begin(topic)));
        for (Stored each : log.all(topic)) {
            line(each, volumeId).ifPresent(line -> text.append(line).append('\n'));
        }
    }

    private Optional<String> line(Stored stored, String volumeId) {
        String what;
        try {
            SpecificRecord record = stored.value() == null ? null : codec.decode(stored.value());
            Schema.Field meta = record == null ? null : record.getSchema().getField("meta");
            boolean other = meta != null
                    && !volumeId.equals("?")
                    && !((Meta) record.get(meta.pos())).getVolumeId().equals(volumeId);
            if (other) {
                return Optional.empty();
            }
            what = record == null ? "null" : brief(record);
        } catch (UndecodableException e) {
            what = "undecodable, " + e.getMessage();
        }
        return Optional.of(String.format(
                Locale.ROOT, "%6d ms  %-9s %4d  %s", stored.at() / 1_000_000, stored.by(), stored.offset(), what));
    }

    /** What a record says, without what it says in every case. */
    private static String brief(IndexedRecord record) {
        StringBuilder text = new StringBuilder(record.getSchema().getName());
        for (Schema.Field field : record.getSchema().getFields()) {
            if (LEFT_OUT.contains(field.name())) {
                continue;
            }
            String value = brief(record.get(field.pos()));
            if (!value.isEmpty()) {
                text.append(' ').append(field.name()).append('=').append(value);
            }
        }
        return text.toString();
    }

    private static String brief(Object value) {
        return switch (value) {
            case null -> "";
            case Meta meta -> "%s/%s/%s".formatted(meta.getVolumeId(), meta.getNodeId(), meta.getEpoch());
            case IndexedRecord nested -> "{" + brief(nested) + "}";
            case List<?> all ->
                all.isEmpty() ? "" : all.stream().map(Story::brief).toList().toString();
            case Number number -> number.longValue() == 0 ? "" : number.toString();
            case Boolean flag -> flag ? "yes" : "";
            case ByteBuffer bytes -> bytes.remaining() + " bytes";
            default -> value.toString();
        };
    }
}
