package io.keepup.architecture;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import java.time.Clock;
import java.time.Instant;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.LongSupplier;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * What is measured, is measured by a monotonic clock: a wall clock may be hours off, and may be set at any time [A11]. Whoever reads
 * a wall clock stands here, with the reason.
 */
class WallClockRulesTest {

    private static final String PEOPLE = "writes a time for people";

    /** Classes that read a wall clock, or take one from the JVM to give it to others. */
    private static final Map<String, String> ALLOWED = Map.ofEntries(
            Map.entry("io.keepup.bench.fold.Load", PEOPLE),
            Map.entry("io.keepup.bench.fold.StreamsBench", "gives the fold its clock for people"),
            Map.entry("io.keepup.bench.recovery.BenchCluster", PEOPLE),
            Map.entry("io.keepup.cli.Assignments", PEOPLE),
            Map.entry("io.keepup.cli.AuditCommand", PEOPLE),
            Map.entry("io.keepup.cli.Since", "a person says how long ago by the clock on the wall"),
            Map.entry("io.keepup.cli.NodeCommand", "gives the node its clock for people"),
            Map.entry("io.keepup.cli.Wishes", PEOPLE),
            Map.entry("io.keepup.cli.demo.DemoStory", PEOPLE),
            Map.entry("io.keepup.embedded.KraftNode", "Kafka's broker takes its time from whoever makes it"),
            Map.entry("io.keepup.node.StorageNode", "gives the node its clock for people"),
            Map.entry("io.keepup.node.base.BaseStream", PEOPLE),
            Map.entry("io.keepup.node.event.NodeEvents", PEOPLE),
            Map.entry("io.keepup.node.primary.WalShipper", PEOPLE),
            Map.entry("io.keepup.schemas.consumer.BatchReader", "Kafka's network client measures by it"),
            Map.entry("io.keepup.streams.KeepupStreams", "gives the fold its clock for people"),
            Map.entry("io.keepup.streams.SteadyTime", "begins with it, and goes on without"),
            Map.entry(
                    "io.keepup.streams.fold.FoldProcessor",
                    "looks whether it was put back, and writes times for people"));

    private static final Pattern WALL_CLOCK = Pattern.compile("java\\.lang\\.System\\.currentTimeMillis\\(.*"
            + "|java\\.time\\.(Clock\\.(system|tick|millis|instant).*|InstantSource\\.(system|millis|instant).*|\\w+\\.now\\(.*)"
            + "|java\\.util\\.(Date\\.<init>\\(\\)|Calendar\\.getInstance\\(.*)"
            + "|org\\.apache\\.kafka\\.common\\.utils\\.Time\\.SYSTEM");

    private static final DescribedPredicate<JavaAccess<?>> READS_IT = describe(
            "read a wall clock",
            access -> WALL_CLOCK.matcher(access.getTarget().getFullName()).matches());

    private static final ArchRule RULE = noClasses()
            .that(describe("are not listed", c -> !ALLOWED.containsKey(c.getName())))
            .should()
            .accessTargetWhere(READS_IT);

    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("io.keepup");

    @Test
    void A11_nothing_reads_a_wall_clock_but_what_is_listed_with_its_reason() {
        assertThat(CLASSES).hasSizeGreaterThan(500);
        RULE.check(CLASSES);
    }

    @Test
    void what_is_listed_reads_one() {
        Set<String> readers = new TreeSet<>();
        for (JavaClass each : CLASSES) {
            if (each.getAccessesFromSelf().stream().anyMatch(READS_IT)) {
                readers.add(each.getName());
            }
        }
        assertThat(readers).containsExactlyInAnyOrderElementsOf(ALLOWED.keySet());
    }

    @Test
    void the_rule_finds_calls_and_references() {
        assertThat(RULE.evaluate(new ClassFileImporter().importClasses(Planted.class))
                        .getFailureReport()
                        .getDetails())
                .hasSize(4);
    }

    /** Each line is a violation. */
    private static final class Planted {
        private static final LongSupplier MS = System::currentTimeMillis;

        static boolean late(Clock clock) {
            Instant begin = clock.instant();
            long now = clock.millis();
            return begin.isBefore(Instant.now()) && now > MS.getAsLong();
        }
    }
}
