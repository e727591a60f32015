package io.keepup.engine.word;

import java.util.Optional;

/**
 * An enum constant that has one stable lower-case word in events, commands, projections, metrics and pages. The same
 * word stands everywhere; the constant's Java name may change, the word never does.
 */
public interface Word {

    /** The word as it stands on the wire; {@code ""} means none where the record has no word for it. */
    String word();

    /** The constant of {@code type} that has this word; empty for a word this version does not know. */
    static <E extends Enum<E> & Word> Optional<E> parse(Class<E> type, String word) {
        for (E constant : type.getEnumConstants()) {
            if (constant.word().equals(word)) {
                return Optional.of(constant);
            }
        }
        return Optional.empty();
    }
}
