package io.keepup.cli.audit;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.keepup.cli.Terminal;
import io.keepup.engine.Engine;
import io.keepup.streams.audit.Extent;
import io.keepup.streams.audit.verify.Account;
import io.keepup.streams.audit.verify.Difference;
import io.keepup.streams.audit.verify.Tally;
import io.keepup.streams.audit.verify.Verification;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What verifications of one or more partitions came to. */
public final class Proof {

    private static final int SHORT = 36;

    private final List<Verification> parts;
    private final List<String> notes;

    /** @param notes what else is to be known of the comparison, one sentence each */
    public Proof(List<Verification> parts, List<String> notes) {
        this.parts = List.copyOf(parts);
        this.notes = List.copyOf(notes);
    }

    public boolean holds() {
        return parts.stream().allMatch(Verification::proven);
    }

    public void print(Terminal terminal) {
        Paper paper = new Paper(terminal);
        for (Verification part : parts) {
            for (Account account : part.accounts()) {
                account(terminal, part.extent(), account);
            }
        }
        Notes.of(parts, notes).forEach(n -> paper.line("  ", 2, n));
        differences().forEach(d -> difference(paper, d));
        if (unlisted() > 0) {
            terminal.line(String.format(Locale.ROOT, "  and %,d more events whose records differ", unlisted()));
        }
        if (holds()) {
            terminal.line(terminal.green("proven: ")
                    + "what is on the topics is what follows from the events, byte for byte");
        }
    }

    private static void account(Terminal terminal, Extent extent, Account account) {
        terminal.line(terminal.bold(account.volumeId().isEmpty() ? "(no volume)" : account.volumeId())
                + String.format(
                        Locale.ROOT,
                        ": %,d events of partition %d, offsets %,d to %,d, replayed by engine %d",
                        account.events(),
                        extent.partition(),
                        extent.begin(),
                        extent.end() - 1,
                        Engine.VERSION));
        account.topics().forEach((topic, tally) -> terminal.line(row(topic, tally)));
    }

    private static String row(String topic, Tally tally) {
        String gone = tally.gone() == 0 ? "" : String.format(Locale.ROOT, ", %,d no longer there", tally.gone());
        String older =
                tally.older() == 0 ? "" : String.format(Locale.ROOT, ", %,d of them by another engine", tally.older());
        return String.format(
                Locale.ROOT,
                "  %-28s %,12d follow, %,12d equal%s%s",
                topic,
                tally.expected(),
                tally.equal(),
                older,
                gone);
    }

    private static void difference(Paper paper, Difference d) {
        Terminal terminal = paper.terminal();
        String kind = d.kind().name().toLowerCase(Locale.ROOT);
        String where = d.place() == null ? "on " + d.topic() : "at " + d.place();
        String cause = d.cause() < 0 ? "" : ", event %s".formatted(d.cause());
        String what = d.type().isEmpty() ? "a record that is none of Keepup's" : d.type();
        String id = d.id().isEmpty() ? "" : " " + d.id();
        paper.line(
                "  " + terminal.red("%-8s".formatted(kind)) + " ",
                11,
                "%s%s to %s %s%s".formatted(what, id, d.key().isEmpty() ? "(no key)" : d.key(), where, cause));
        for (Difference.Detail detail : d.details()) {
            paper.line(
                    " ".repeat(11),
                    11,
                    "%s: on the topic %s, by replay %s"
                            .formatted(detail.what(), shown(detail.onTopic()), shown(detail.byReplay())));
        }
        if (d.ofVersion()) {
            String by = d.version() == Engine.VERSION || d.version() < 0
                    ? "it follows such a difference"
                    : "engine %s wrote it".formatted(d.version());
            paper.line(" ".repeat(11), 11, "a difference of version: %s, this is %s".formatted(by, Engine.VERSION));
        }
    }

    private static String shown(String text) {
        String one = text.isEmpty() ? "nothing" : text;
        return one.length() <= 2 * SHORT ? one : one.substring(0, SHORT) + "…" + one.substring(one.length() - SHORT);
    }

    /** One sentence for the end, where the proof fails. */
    public String failure() {
        long ofVersion = differences().stream().filter(Difference::ofVersion).count();
        long all = differences().size() + unlisted();
        String version = ofVersion == 0
                ? ""
                : String.format(
                        Locale.ROOT, ", %,d of them of version: replay with the engine that wrote them", ofVersion);
        return String.format(
                Locale.ROOT,
                "the topics differ from what follows from the events, in %,d record%s%s",
                all,
                all == 1 ? "" : "s",
                version);
    }

    private List<Difference> differences() {
        List<Difference> all = new ArrayList<>();
        parts.forEach(p -> all.addAll(p.differences()));
        return all;
    }

    private long unlisted() {
        return parts.stream().mapToLong(Verification::unlisted).sum();
    }

    public ObjectNode json() {
        ObjectNode json =
                JsonNodeFactory.instance.objectNode().put("proven", holds()).put("engineVersion", Engine.VERSION);
        ArrayNode volumes = json.putArray("volumes");
        for (Verification part : parts) {
            for (Account account : part.accounts()) {
                ObjectNode one = volumes.addObject()
                        .put("volumeId", account.volumeId())
                        .put("partition", part.extent().partition())
                        .put("begin", part.extent().begin())
                        .put("end", part.extent().end())
                        .put("events", account.events());
                ObjectNode topics = one.putObject("topics");
                account.topics().forEach((topic, tally) -> topics.putObject(topic)
                        .put("follow", tally.expected())
                        .put("equal", tally.equal())
                        .put("byAnotherEngine", tally.older())
                        .put("gone", tally.gone()));
            }
        }
        ArrayNode all = json.putArray("differences");
        differences().forEach(d -> json(d, all.addObject()));
        json.put("unlisted", unlisted());
        ArrayNode said = json.putArray("notes");
        Notes.of(parts, notes).forEach(said::add);
        return json;
    }

    private static void json(Difference d, ObjectNode one) {
        one.put("kind", d.kind().name().toLowerCase(Locale.ROOT))
                .put("volumeId", d.volumeId())
                .put("topic", d.topic())
                .put(
                        "partition",
                        d.place() == null ? null : d.place().partition().partition())
                .put("offset", d.place() == null ? null : d.place().offset())
                .put("causeOffset", d.cause() < 0 ? null : d.cause())
                .put("type", d.type())
                .put("key", d.key())
                .put("id", d.id())
                .put("ofVersion", d.ofVersion())
                .put("engineVersion", d.version() < 0 ? null : d.version());
        ArrayNode details = one.putArray("details");
        d.details().forEach(detail -> details.addObject()
                .put("what", detail.what())
                .put("onTopic", detail.onTopic())
                .put("byReplay", detail.byReplay()));
    }
}
