package io.keepup.streams.mapping;

import static org.assertj.core.api.Assertions.assertThat;

import io.keepup.engine.word.FailureReason;
import io.keepup.engine.word.Word;
import io.keepup.v1.RejectReason;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class WireWordsTest {

    static Stream<Arguments> pairs() {
        return Stream.of(
                Arguments.of(WireWords.ROLE, io.keepup.v1.Role.values()),
                Arguments.of(WireWords.MODE, io.keepup.v1.Mode.values()),
                Arguments.of(WireWords.KIND, io.keepup.v1.SessionKind.values()),
                Arguments.of(WireWords.STATE, io.keepup.v1.SessionState.values()),
                Arguments.of(WireWords.PHASE, io.keepup.v1.SessionPhase.values()),
                Arguments.of(WireWords.ACK_KIND, io.keepup.v1.AckKind.values()),
                Arguments.of(WireWords.FAILURE, io.keepup.v1.FailureReason.values()),
                Arguments.of(WireWords.CAUSE, io.keepup.v1.SessionCause.values()));
    }

    @ParameterizedTest
    @MethodSource("pairs")
    <E extends Enum<E> & Word, A extends Enum<A>> void every_word_of_the_wire_but_unknown_is_one_of_the_engine(
            Words<E, A> words, A[] symbols) {
        for (A symbol : symbols) {
            if (symbol.name().equals("unknown")) {
                assertThat(words.engine(symbol)).isNull();
            } else {
                assertThat(words.engine(symbol).word()).isEqualTo(symbol.name());
                assertThat(words.avro(words.engine(symbol))).isEqualTo(symbol);
            }
        }
    }

    @Test
    void a_word_the_wire_has_no_symbol_for_goes_out_as_unknown_and_no_reason_as_null() {
        assertThat(WireWords.FAILURE.avro(FailureReason.GAP)).isEqualTo(io.keepup.v1.FailureReason.unknown);
        assertThat(WireWords.FAILURE.avro(FailureReason.NONE)).isNull();
    }

    @Test
    void every_reason_of_the_guard_is_a_reason_on_the_wire() {
        List<String> wire = Arrays.stream(RejectReason.values()).map(Enum::name).toList();
        for (io.keepup.engine.RejectReason reason : io.keepup.engine.RejectReason.values()) {
            assertThat(wire).contains(reason.word());
        }
    }
}
