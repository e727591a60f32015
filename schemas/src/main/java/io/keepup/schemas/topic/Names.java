package io.keepup.schemas.topic;

import java.util.regex.Pattern;

/** The rule for volume and node ids: they become parts of topic names, file names and URLs. */
public final class Names {

    private static final Pattern RULE = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_-]{0,99}");

    /** What an id may look like, in words. */
    public static final String RULE_IN_WORDS = "1 to 100 letters, digits, '-' or '_', starting with a letter or digit";

    private Names() {}

    public static boolean valid(String id) {
        return id != null && RULE.matcher(id).matches();
    }

    /**
     * The id itself.
     *
     * @param what "volume" or "node", for the message
     * @throws IllegalArgumentException when the id breaks the rule; the message says what is allowed
     */
    public static String require(String what, String id) {
        if (!valid(id)) {
            throw new IllegalArgumentException("'%s' is not a %s id: use %s".formatted(id, what, RULE_IN_WORDS));
        }
        return id;
    }
}
