package io.keepup.cli;

import java.io.PrintStream;

/** Where a command tells what it does: colours and a line that moves on a terminal, plain lines elsewhere. */
public final class Terminal {

    private static final int WIDTH = 100;

    private final PrintStream out;
    private final boolean interactive;
    private boolean moving;

    /** Standard output; the launcher says whether it is a terminal. */
    public static Terminal standard() {
        return new Terminal(System.out, Boolean.getBoolean("keepup.terminal"));
    }

    Terminal(PrintStream out, boolean interactive) {
        this.out = out;
        this.interactive = interactive;
    }

    public boolean interactive() {
        return interactive;
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
            String shown = text.length() >= WIDTH ? text.substring(0, WIDTH - 1) : text;
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
