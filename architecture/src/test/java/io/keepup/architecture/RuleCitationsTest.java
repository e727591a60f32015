package io.keepup.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * The numbers by which code and tests cite {@code docs/protocol.md} and {@code docs/scenarios.md} exist there, and nothing
 * that is in force there goes uncited.
 */
class RuleCitationsTest {

    private static final String PROTOCOL = "docs/protocol.md";
    private static final String SCENARIOS = "docs/scenarios.md";

    private static final Pattern HEADING = Pattern.compile("^#+ (.*)$");
    private static final Pattern RULE = Pattern.compile("^- \\[([A-Z]\\d+)]");
    private static final Pattern INVARIANT = Pattern.compile("^(\\d+)\\. ");
    private static final Pattern SCENARIO = Pattern.compile("^\\| (S-[A-Z]\\d+) \\|");

    private static final Pattern CITED = Pattern.compile("\\[([A-Z]\\d+)](?:(?:-|–| to )\\[([A-Z]\\d+)])?");
    private static final Pattern CITED_INVARIANT = Pattern.compile("\\[invariant (\\d+)]");
    private static final Pattern CITED_SCENARIO = Pattern.compile("\\bS-[A-Z]\\d+\\b");
    /** A test method whose name begins with numbers: {@code E4_…}, {@code G1_to_G9_…}, {@code S_R10_V8_…}. */
    private static final Pattern NUMBERED_TEST = Pattern.compile("void ((?:S_)?[A-Z]\\d+(?:_to)?(?:_[A-Z]\\d+)*)_");

    /** The texts of released schemas cite the requests of operators [Q1]-[Q3] by the scenario's old number. */
    private static final Set<String> IN_RELEASED_TEXTS = Set.of("V12");

    /** Rules by number; the value says whether it is in force, or planned. */
    private final TreeMap<String, Boolean> rules = new TreeMap<>();

    private final TreeMap<String, Boolean> scenarios = new TreeMap<>();
    private final Set<String> invariants = new TreeSet<>();

    private final Set<String> citedInJava = new TreeSet<>();
    private final Set<String> testedScenarios = new TreeSet<>();
    private final Set<String> unknown = new TreeSet<>();

    RuleCitationsTest() {
        readProtocol();
        readScenarios();
        for (String path : SourceTree.files(p -> p.endsWith(".java") || p.endsWith(".md") || p.endsWith(".avdl"))) {
            readCitations(path, SourceTree.text(path));
        }
    }

    @Test
    void every_cited_rule_invariant_and_scenario_exists() {
        assertThat(rules).as("rules defined in %s", PROTOCOL).containsKeys("E1", "G1", "P1", "R1", "C1", "N1", "A1");
        assertThat(scenarios)
                .as("scenarios defined in %s", SCENARIOS)
                .containsKeys("S-R1", "S-S1", "S-V1", "S-F1", "S-A1");
        assertThat(unknown).as("cited, and defined nowhere").isEmpty();
    }

    @Test
    void every_rule_in_force_is_cited_by_code_or_a_test() {
        Set<String> uncited = inForce(rules);
        uncited.removeAll(citedInJava);
        assertThat(uncited)
                .as("rules of %s that nothing carries; mark the section (planned) if they are not built yet", PROTOCOL)
                .isEmpty();
    }

    @Test
    void every_scenario_in_force_has_a_test() {
        Set<String> untested = inForce(scenarios);
        untested.removeAll(testedScenarios);
        assertThat(untested).as("scenarios of %s without a test", SCENARIOS).isEmpty();
    }

    private static Set<String> inForce(TreeMap<String, Boolean> defined) {
        Set<String> ids = new TreeSet<>();
        defined.forEach((id, now) -> {
            if (now) {
                ids.add(id);
            }
        });
        return ids;
    }

    private void readProtocol() {
        boolean planned = false;
        boolean inInvariants = false;
        for (String line : SourceTree.text(PROTOCOL).split("\n")) {
            Matcher heading = HEADING.matcher(line);
            if (heading.matches()) {
                planned = heading.group(1).endsWith("(planned)");
                inInvariants = heading.group(1).contains("Invariants");
            }
            define(rules, RULE.matcher(line), !planned);
            Matcher invariant = INVARIANT.matcher(line);
            if (inInvariants && invariant.find()) {
                invariants.add(invariant.group(1));
            }
        }
    }

    private void readScenarios() {
        boolean planned = false;
        for (String line : SourceTree.text(SCENARIOS).split("\n")) {
            Matcher heading = HEADING.matcher(line);
            if (heading.matches()) {
                planned = heading.group(1).endsWith("(planned)");
            }
            define(scenarios, SCENARIO.matcher(line), !planned);
        }
    }

    private static void define(TreeMap<String, Boolean> ids, Matcher line, boolean inForce) {
        if (line.find()) {
            assertThat(ids.put(line.group(1), inForce))
                    .as("%s is defined once", line.group(1))
                    .isNull();
        }
    }

    private void readCitations(String path, String text) {
        boolean java = path.endsWith(".java");
        CITED.matcher(text).results().forEach(m -> readRange(path, java, m));
        CITED_INVARIANT.matcher(text).results().forEach(m -> {
            if (!invariants.contains(m.group(1))) {
                unknown.add(path + " cites invariant " + m.group(1));
            }
        });
        CITED_SCENARIO.matcher(text).results().forEach(m -> requireScenario(path, m.group()));
        if (java && path.contains("/src/test/")) {
            NUMBERED_TEST.matcher(text).results().forEach(m -> readTestName(path, m.group(1)));
        }
    }

    private void readRange(String path, boolean java, MatchResult cited) {
        String first = cited.group(1);
        String last = cited.group(2) == null ? first : cited.group(2);
        char letter = first.charAt(0);
        if (letter != last.charAt(0)) {
            unknown.add(path + " cites from [" + first + "] to [" + last + "]");
            return;
        }
        for (int n = number(first); n <= number(last); n++) {
            cite(path, java, letter + Integer.toString(n));
        }
    }

    private void cite(String path, boolean java, String rule) {
        boolean released = path.endsWith(".avdl") && IN_RELEASED_TEXTS.contains(rule);
        if (!rules.containsKey(rule) && !released) {
            unknown.add(path + " cites [" + rule + "]");
        }
        if (java) {
            citedInJava.add(rule);
        }
    }

    private void readTestName(String path, String prefix) {
        boolean scenario = prefix.startsWith("S_");
        for (String id : prefix.split("_")) {
            if (!id.matches("[A-Z]\\d+")) {
                continue; // the "S" of a scenario, or the "to" of a range
            }
            if (scenario) {
                requireScenario(path, "S-" + id);
                testedScenarios.add("S-" + id);
            } else {
                cite(path, true, id);
            }
        }
    }

    private void requireScenario(String path, String id) {
        if (!scenarios.containsKey(id)) {
            unknown.add(path + " cites scenario " + id);
        }
    }

    private static int number(String id) {
        return Integer.parseInt(id.substring(1));
    }
}
