package io.keepup.cli.audit;

import io.keepup.cli.Terminal;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** Lines of at most 100 columns, fewer on a narrower terminal: what does not fit goes on below, indented. */
public final class Paper {

    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("HH:mm:ss.SSS", Locale.ROOT).withZone(ZoneOffset.UTC);

    private final Terminal terminal;
    private LocalDate day;

    public Paper(Terminal terminal) {
        this.terminal = terminal;
    }

    Terminal terminal() {
        return terminal;
    }

    /** A line with the date, when it is another one than last time. */
    void day(Instant at) {
        LocalDate now = LocalDate.ofInstant(at, ZoneOffset.UTC);
        if (!now.equals(day)) {
            day = now;
            terminal.line(terminal.bold("%s, times in UTC".formatted(now)));
        }
    }

    static String time(Instant at) {
        return TIME.format(at);
    }

    void line(String text) {
        terminal.line(text);
    }

    /** Text behind a head of so many columns; what does not fit goes on below, as far in. */
    void line(String head, int columns, String text) {
        StringBuilder line = new StringBuilder(head);
        int column = columns;
        for (String word : text.split(" ")) {
            if (column > columns && column + 1 + word.length() > terminal.textWidth()) {
                terminal.line(line.toString().stripTrailing());
                line = new StringBuilder(" ".repeat(columns));
                column = columns;
            }
            if (column > columns) {
                line.append(' ');
                column++;
            }
            line.append(word);
            column += word.length();
        }
        terminal.line(line.toString().stripTrailing());
    }
}
