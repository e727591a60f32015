package io.keepup.node;

import java.time.Duration;
import java.util.Set;
import java.util.function.Function;

/**
 * One setting of a node: name, meaning and default side by side.
 *
 * @param name as written in a properties file
 * @param doc one sentence, with the unit
 * @param defaultValue what holds when it is not given
 * @param parser reads the text form; throws IllegalArgumentException when it is not one
 */
public record Setting<T>(String name, String doc, T defaultValue, Function<String, T> parser) {

    static Setting<Duration> millis(String name, long defaultMillis, String doc) {
        return new Setting<>(name, doc, Duration.ofMillis(defaultMillis), text -> Duration.ofMillis(positive(text)));
    }

    static Setting<Integer> bytes(String name, int defaultBytes, String doc) {
        return new Setting<>(name, doc, defaultBytes, text -> Math.toIntExact(positive(text)));
    }

    static Setting<Long> longBytes(String name, long defaultBytes, String doc) {
        return new Setting<>(name, doc, defaultBytes, Setting::positive);
    }

    /** Milliseconds, of which 0 means none. */
    static Setting<Duration> millisOrNone(String name, String doc) {
        return new Setting<>(name, doc, Duration.ZERO, text -> Duration.ofMillis(notNegative(text)));
    }

    /** A count of which 0 means no limit. */
    static Setting<Long> limit(String name, String doc) {
        return new Setting<>(name, doc, 0L, Setting::notNegative);
    }

    /** Bytes, of which 0 means none. */
    static Setting<Long> longBytesOrNone(String name, long defaultBytes, String doc) {
        return new Setting<>(name, doc, defaultBytes, Setting::notNegative);
    }

    static Setting<Integer> count(String name, int defaultCount, String doc) {
        return new Setting<>(name, doc, defaultCount, text -> Math.toIntExact(positive(text)));
    }

    /** One of some words. */
    static Setting<String> word(String name, String defaultWord, Set<String> words, String doc) {
        return new Setting<>(name, doc, defaultWord, text -> {
            if (!words.contains(text)) {
                throw new IllegalArgumentException("must be one of " + words);
            }
            return text;
        });
    }

    static Setting<Short> number(String name, int defaultNumber, String doc) {
        return new Setting<>(name, doc, (short) defaultNumber, Short::parseShort);
    }

    private static long notNegative(String text) {
        long value = Long.parseLong(text);
        if (value < 0) {
            throw new IllegalArgumentException("must be 0 or more");
        }
        return value;
    }

    private static long positive(String text) {
        long value = Long.parseLong(text);
        if (value <= 0) {
            throw new IllegalArgumentException("must be above 0");
        }
        return value;
    }
}
