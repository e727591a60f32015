package io.keepup.service.text;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class OneLineTest {

    private static final String CLEF = "\uD834\uDD1E"; // one character, two chars

    @Test
    void control_characters_become_question_marks() {
        assertThat(OneLine.printable("a\nb\u001B[2J\u0007")).isEqualTo("a?b?[2J?");
        assertThat(OneLine.of("a\r\nb")).isEqualTo("a??b");
    }

    @Test
    void a_long_text_is_cut_between_two_characters() {
        assertThat(OneLine.of("x".repeat(500))).isEqualTo("x".repeat(500));
        assertThat(OneLine.of("x".repeat(501))).isEqualTo("x".repeat(500) + " …");
        assertThat(OneLine.of("x".repeat(499) + CLEF)).isEqualTo("x".repeat(499) + " …");
        assertThat(OneLine.of("x".repeat(498) + CLEF + "y")).isEqualTo("x".repeat(498) + CLEF + " …");
    }

    @Test
    void a_cut_text_has_its_length() {
        assertThat(OneLine.cut("x".repeat(120), 120)).isEqualTo("x".repeat(120));
        assertThat(OneLine.cut("x".repeat(121), 120)).isEqualTo("x".repeat(120) + "… (121 characters)");
        assertThat(OneLine.cut("x".repeat(101), 100, 40, "5 bytes")).isEqualTo("x".repeat(40) + "… (5 bytes)");
    }
}
