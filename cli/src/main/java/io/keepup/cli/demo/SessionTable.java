package io.keepup.cli.demo;

import io.keepup.cli.Sizes;
import io.keepup.cli.rig.SessionLog;
import java.util.List;
import java.util.Locale;

/** The sessions of a run as a table, at most 100 columns wide. */
final class SessionTable {

    private static final String ROW = "%-8s %-8s %-34s %10s %10s %7s %7s %7s";

    private SessionTable() {}

    static List<String> lines(List<SessionLog.Session> sessions) {
        List<String> lines = new java.util.ArrayList<>();
        lines.add(ROW.formatted("REPLICA", "KIND", "WHY", "BASE", "WAL", "SKIPPED", "TIME", "MB/s"));
        sessions.forEach(s -> lines.add(row(s)));
        return lines;
    }

    private static String row(SessionLog.Session s) {
        String why = s.completed() || s.outcome() == null ? s.why() : s.why() + ", " + s.outcome();
        return String.format(
                        Locale.ROOT,
                        ROW,
                        s.replica(),
                        s.kind(),
                        why,
                        s.baseBytes() == 0 ? "-" : Sizes.text(s.baseBytes()),
                        s.walBytes() == 0 ? "-" : Sizes.text(s.walBytes()),
                        s.skippedBlocks(),
                        String.format(Locale.ROOT, "%.2f s", s.seconds()),
                        rate(s))
                .stripTrailing();
    }

    private static String rate(SessionLog.Session s) {
        double moved = s.baseBytes() + s.walBytes();
        return s.seconds() <= 0 || moved == 0 ? "-" : String.format(Locale.ROOT, "%.0f", moved / 1e6 / s.seconds());
    }
}
