package io.keepup.service.text;

import java.util.regex.Pattern;

/** Text that others wrote, as one line of bounded length: it may quote anything. */
public final class OneLine {

    private static final Pattern CONTROL = Pattern.compile("\\p{Cntrl}");
    private static final int LONGEST = 500;

    private OneLine() {}

    /** The text without control characters, cut to 500 characters. */
    public static String of(String text) {
        return printable(text.length() <= LONGEST ? text : text.substring(0, end(text)) + " …");
    }

    /** Between two characters: half of one would be another text once it was encoded. */
    private static int end(String text) {
        return Character.isHighSurrogate(text.charAt(LONGEST - 1)) ? LONGEST - 1 : LONGEST;
    }

    /** The text with a question mark for each control character: nothing in it moves a terminal's cursor. */
    public static String printable(String text) {
        return CONTROL.matcher(text).replaceAll("?");
    }

    /** The text, or when it is longer than so many characters, as many of it and its length. */
    public static String cut(String text, int longest) {
        return cut(text, longest, longest, text.length() + " characters");
    }

    /**
     * The text, or the beginning of one that is too long, and its length.
     *
     * @param longest most characters that are left as they are
     * @param shown characters of a longer one
     * @param length of it, in words
     */
    public static String cut(String text, int longest, int shown, String length) {
        return text.length() <= longest ? text : "%s… (%s)".formatted(text.substring(0, shown), length);
    }
}
