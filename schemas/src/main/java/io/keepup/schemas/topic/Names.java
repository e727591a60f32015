package io.keepup.schemas.topic;

/** The rule for volume and node ids: they become parts of topic names, file names and URLs. */
public final class Names {

    private static final int MAX_LENGTH = 100;

    /** What an id may look like, in words. */
    public static final String RULE_IN_WORDS = "1 to 100 letters, digits, '-' or '_', starting with a letter or digit";

    private Names() {}

    public static boolean valid(String id) {
        if (id == null || id.isEmpty() || id.length() > MAX_LENGTH || !letterOrDigit(id.charAt(0))) {
            return false;
        }
        for (int i = 1;
                i < id.length();
                i++) { // each event is looked at so: a pattern would take several times as long
            char c = id.charAt(i);
            if (!letterOrDigit(c) && c != '-' && c != '_') {
                return false;
            }
        }
        return true;
    }

    private static boolean letterOrDigit(char c) {
        return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9';
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
