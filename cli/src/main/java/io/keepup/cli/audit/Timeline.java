package io.keepup.cli.audit;

import io.keepup.cli.Terminal;
import io.keepup.engine.Policy;
import io.keepup.engine.Projection;
import io.keepup.engine.message.Command;
import io.keepup.engine.state.VolumeState;
import io.keepup.streams.fold.Ruling;
import java.util.Locale;

/** Prints every event of a volume as it comes, with what it changed and what followed. Holds none of them. */
public final class Timeline {

    private static final String HEAD = "%s %7d %-19s ";
    private static final int INDENT = 21;
    private static final int LABEL = 8;

    private final Policy policy;
    private final Paper paper;
    private final boolean json;
    private Projection mode;

    public Timeline(String volumeId, Policy policy, Paper paper, boolean json) {
        this.policy = policy;
        this.paper = paper;
        this.json = json;
        this.mode = Moment.mode(policy, VolumeState.initial(volumeId));
    }

    public void take(Ruling ruling) {
        Moment moment = Moment.of(ruling, policy, mode);
        mode = moment.mode();
        if (json) {
            paper.terminal().line(moment.json().toString());
        } else {
            print(moment, paper);
        }
    }

    static void print(Moment moment, Paper paper) {
        paper.day(moment.at());
        String head = String.format(Locale.ROOT, HEAD, Paper.time(moment.at()), moment.offset(), moment.type());
        paper.line(head, head.length(), moment.text());
        Terminal terminal = paper.terminal();
        if (!moment.refused().isEmpty()) {
            below(paper, terminal.red("refused "), moment.refused());
        } else if (moment.changes().isEmpty()) {
            below(paper, terminal.dim("changed "), "nothing");
        } else {
            below(paper, terminal.dim("changed "), String.join("; ", moment.changes()));
        }
        if (!moment.decision().isEmpty()) {
            below(paper, terminal.bold("decided "), moment.decision());
        }
        for (Command command : moment.commands()) {
            String nodes = String.join(", ", command.targets());
            below(paper, terminal.dim("command "), command.getClass().getSimpleName() + " to " + nodes);
        }
        if (moment.modeChanged()) {
            below(paper, terminal.dim("mode    "), modes(moment.modeBefore(), moment.mode()));
        }
    }

    private static String modes(Projection before, Projection now) {
        return before.mode() == now.mode()
                ? "%s: %s -> %s".formatted(now.mode().word(), before.reason(), now.reason())
                : Moment.words(before) + " -> " + Moment.words(now);
    }

    private static void below(Paper paper, String label, String text) {
        paper.line(" ".repeat(INDENT) + label, INDENT + LABEL, text);
    }
}
