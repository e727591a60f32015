package io.keepup.streams.mapping;

import io.keepup.engine.word.Word;
import java.util.ArrayList;
import java.util.List;

/**
 * Pairs the constants of an engine enum with those of an Avro enum by their word, once, so that neither side is
 * translated by hand.
 *
 * @param <E> engine enum
 * @param <A> Avro enum
 */
public final class Words<E extends Enum<E> & Word, A extends Enum<A>> {

    private final List<A> avro = new ArrayList<>();
    private final List<E> engine = new ArrayList<>();

    /**
     * @param wordless Avro symbol of the engine's constant without a word; null when there is none
     * @param otherwise Avro symbol of engine constants that the Avro enum has no symbol for; null: there must be none
     * @throws IllegalStateException when an engine constant has no symbol
     */
    public Words(Class<E> engineType, Class<A> avroType, A wordless, A otherwise) {
        List<A> symbols = List.of(avroType.getEnumConstants());
        for (E constant : engineType.getEnumConstants()) {
            A symbol = constant.word().isEmpty()
                    ? wordless
                    : symbols.stream()
                            .filter(s -> s.name().equals(constant.word()))
                            .findFirst()
                            .orElse(otherwise);
            if (symbol == null && !constant.word().isEmpty()) {
                throw new IllegalStateException("%s has no symbol for %s".formatted(avroType, constant));
            }
            avro.add(symbol);
        }
        for (A symbol : symbols) {
            int index = symbol.equals(otherwise) ? -1 : avro.indexOf(symbol);
            engine.add(index < 0 ? null : engineType.getEnumConstants()[index]);
        }
    }

    /** Null only for a constant without a word, where the Avro enum has no symbol for that. */
    public A avro(E constant) {
        return avro.get(constant.ordinal());
    }

    /** Null for a symbol that the engine has no constant for, such as {@code unknown}. */
    public E engine(A symbol) {
        return engine.get(symbol.ordinal());
    }
}
