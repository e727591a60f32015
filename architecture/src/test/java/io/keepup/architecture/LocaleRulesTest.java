package io.keepup.architecture;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.time.ZoneId;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * What is stored, sent or printed does not depend on the locale, time zone or charset of the process. Error Prone refuses most calls
 * that take them from the JVM when the code is compiled (root POM); these are the ones that it lets pass.
 */
class LocaleRulesTest {

    private static final Set<String> METHODS = Set.of(
            "java.io.ByteArrayOutputStream.toString()",
            "java.io.PrintStream.<init>(java.io.File)",
            "java.io.PrintStream.<init>(java.io.OutputStream)",
            "java.io.PrintStream.<init>(java.io.OutputStream, boolean)",
            "java.io.PrintStream.<init>(java.lang.String)",
            "java.io.PrintStream.format(java.lang.String, [Ljava.lang.Object;)",
            "java.io.PrintStream.printf(java.lang.String, [Ljava.lang.Object;)",
            "java.io.PrintWriter.format(java.lang.String, [Ljava.lang.Object;)",
            "java.io.PrintWriter.printf(java.lang.String, [Ljava.lang.Object;)",
            "java.lang.Process.errorReader()",
            "java.lang.Process.inputReader()",
            "java.lang.Process.outputWriter()",
            "java.lang.String.getBytes()",
            "java.lang.String.toLowerCase()",
            "java.lang.String.toUpperCase()",
            "java.lang.System.console()",
            "java.nio.charset.Charset.defaultCharset()",
            "java.time.Clock.systemDefaultZone()",
            "java.time.ZoneId.systemDefault()",
            "java.time.format.DateTimeFormatter.ofLocalizedDate(java.time.format.FormatStyle)",
            "java.time.format.DateTimeFormatter.ofLocalizedDateTime(java.time.format.FormatStyle)",
            "java.time.format.DateTimeFormatter.ofLocalizedTime(java.time.format.FormatStyle)",
            "java.util.Locale.getDefault()",
            "java.util.Locale.getDefault(java.util.Locale$Category)",
            "java.util.Scanner.<init>(java.io.File)",
            "java.util.Scanner.<init>(java.io.InputStream)",
            "java.util.Scanner.<init>(java.nio.file.Path)",
            "java.util.TimeZone.getDefault()");

    private static final DescribedPredicate<JavaAccess<?>> THE_JVMS_OWN = describe(
            "take locale, time zone or charset from the JVM",
            access -> METHODS.contains(access.getTarget().getFullName()));

    private static final ArchRule RULE = noClasses().should().accessTargetWhere(THE_JVMS_OWN);

    @Test
    void S_F1_nothing_takes_its_locale_time_zone_or_charset_from_the_jvm() {
        JavaClasses classes = new ClassFileImporter()
                .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                .importPackages("io.keepup");
        assertThat(classes).hasSizeGreaterThan(500);
        RULE.check(classes);
    }

    /** Of those Error Prone cannot know whether a locale changes what they print. */
    private static final Pattern VARIABLE_FORMAT = Pattern.compile(
            "\\b[a-z]\\w*\\s*\\.formatted\\(|[\\w(]\\)\\s*\\.formatted\\(|String\\.format\\(\\s*[a-z]|::format(ted)?\\b");

    @Test
    void S_F1_a_format_that_is_no_constant_is_given_its_locale() {
        assertThat(List.of("text.formatted(1)", "text()\n.formatted(1)", "String.format(text, 1)", "String::formatted"))
                .allMatch(source -> VARIABLE_FORMAT.matcher(source).find());
        assertThat(List.of(
                        "\"%s\".formatted(1)", "(\"%s\" + \"\")\n.formatted(1)", "String.format(Locale.ROOT, text, 1)"))
                .noneMatch(source -> VARIABLE_FORMAT.matcher(source).find());

        assertThat(SourceTree.files(path -> path.contains("/src/main/java/") && path.endsWith(".java")))
                .hasSizeGreaterThan(300)
                .noneMatch(
                        path -> VARIABLE_FORMAT.matcher(SourceTree.text(path)).find());
    }

    @Test
    void the_rule_finds_calls_constructors_and_references() {
        List<String> found = RULE.evaluate(new ClassFileImporter().importClasses(Planted.class))
                .getFailureReport()
                .getDetails();
        assertThat(found).hasSize(6);
    }

    /** Each line is a violation. */
    private static final class Planted {
        private static final ZoneId ZONE = ZoneId.systemDefault();
        private static final UnaryOperator<String> LOWER = String::toLowerCase;

        static void print() {
            System.out.printf("%,d", 1);
            PrintStream out = new PrintStream(new ByteArrayOutputStream());
            out.format("%s %s", ZONE, LOWER);
            out.println(Locale.getDefault());
        }
    }
}
