package io.keepup.engine.word;

import static org.assertj.core.api.Assertions.assertThat;

import io.keepup.engine.DurabilityRule;
import io.keepup.engine.RejectReason;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Words are on the wire for good: each is lower case, stands once in its enum, and leads back to its constant. */
class WordTest {

    @Test
    void everyWordIsLowerCaseUniqueAndReadsBack() {
        check(Role.class);
        check(SessionKind.class);
        check(SessionState.class);
        check(SessionPhase.class);
        check(SessionCause.class);
        check(WaitingFor.class);
        check(FailureReason.class);
        check(AckKind.class);
        check(Mode.class);
        check(RejectReason.class);
        check(DurabilityRule.class);
    }

    private static <E extends Enum<E> & Word> void check(Class<E> type) {
        Set<String> seen = new HashSet<>();
        for (E constant : type.getEnumConstants()) {
            assertThat(constant.word()).matches("[a-z_]*");
            assertThat(seen.add(constant.word())).as("%s.%s", type, constant).isTrue();
            assertThat(Word.parse(type, constant.word())).contains(constant);
        }
        assertThat(Word.parse(type, "unheard-of")).isEmpty();
    }
}
