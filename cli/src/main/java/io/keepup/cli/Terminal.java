package io.keepup.cli;

import java.io.PrintStream;

/** Where a command tells what it does: colours and a line that moves on a terminal, plain lines elsewhere. */
public final class Terminal {

    /** Columns where nobody says how many there are. */
    private static final int WIDTH = 100;

    private static final String CUT = "…";

    private final PrintStream out;
    private final boolean interactive;
    private final int columns;
    private boolean moving;

    /** Standard output; the launcher says whether it is a terminal, and how wide. */
    public static Terminal standard() {
        return new Terminal(
                System.out, Boolean.getBoolean("keepup.terminal"), Integer.getInteger("keepup.columns", WIDTH));
    }

    /** @param columns of the terminal, if it is one */
    Terminal(PrintStream out, boolean interactive, int columns) {
        this.out = out;
        this.interactive = interactive;
        this.columns = columns;
    }

    public boolean interactive() {
        return interactive;
    }

    /** How wide text may be that goes on in another line where it does not fit: the terminal's columns, but at most 100. */
    public int textWidth() {
        return interactive ? Math.min(columns, WIDTH) : WIDTH;
    }

    /** A row of a table as it fits the terminal; elsewhere whole. */
    public String fit(String row) {
        return interactive && row.length() > columns ? row.substring(0, Math.max(0, columns - 1)) + CUT : row;
    }

    /** A line that stays. */
    public synchronized void line(String text) {
        endMoving();
        out.println(text);
        out.flush();
    }

    /** On a terminal: a line that the next one replaces. Elsewhere: nothing. */
    public synchronized void moving(String text) {
        if (interactive) {
            // the last column stays free: some terminals begin another line once it is written
            String shown = text.length() < columns ? text : text.substring(0, Math.max(0, columns - 2)) + CUT;
            out.print("\r\033[K" + shown);
            out.flush();
            moving = true;
        }
    }

    /** Ends the moving line, leaving nothing of it. */
    public synchronized void endMoving() {
        if (moving) {
            out.print("\r\033[K");
            moving = false;
        }
    }

    public String bold(String text) {
        return styled("1", text);
    }

    public String green(String text) {
        return styled("32", text);
    }

    public String red(String text) {
        return styled("31", text);
    }

    public String dim(String text) {
        return styled("2", text);
    }

    private String styled(String code, String text) {
        return interactive ? "\033[" + code + "m" + text + "\033[0m" : text;
    }
}
