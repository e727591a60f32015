package io.keepup.streams.mapping;

/** Text for people that somebody else made up: it may quote anything, and is kept for long. */
public final class OneLine {

    private static final int LONGEST = 500;

    private OneLine() {}

    /** The text without control characters, cut to 500 characters. */
    public static String of(String text) {
        String cut = text.length() <= LONGEST ? text : text.substring(0, end(text)) + " …";
        return cut.replaceAll("\\p{Cntrl}", "?");
    }

    /** Between two characters: half of one would be another text once it was encoded. */
    private static int end(String text) {
        return Character.isHighSurrogate(text.charAt(LONGEST - 1)) ? LONGEST - 1 : LONGEST;
    }
}
