package io.keepup.volume;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;
import org.junit.platform.launcher.listeners.TestExecutionSummary;

/** A volume's whole life again, under locales that have digits of their own or other rules for letters. */
class LocalesTest {
    private static final Class<?>[] LIFE = {
        SuperblockTest.class,
        WalShippingTest.class,
        CrashAtEveryStepTest.class,
        DiskFailureTest.class,
        ChecksumTest.class
    };

    @ParameterizedTest
    @ValueSource(strings = {"ar-EG", "fa-IR", "tr-TR"})
    void S_F1_the_whole_life_of_a_volume_is_the_same_under(String locale) {
        LauncherDiscoveryRequest life = LauncherDiscoveryRequestBuilder.request()
                .selectors(Stream.of(LIFE).map(test -> selectClass(test)).toList())
                .build();
        SummaryGeneratingListener listener = new SummaryGeneratingListener();
        Locale before = Locale.getDefault();
        Locale.setDefault(Locale.forLanguageTag(locale));
        try {
            LauncherFactory.create().execute(life, listener);
        } finally {
            Locale.setDefault(before);
        }

        TestExecutionSummary summary = listener.getSummary();
        assertThat(summary.getFailures())
                .extracting(failure -> failure.getTestIdentifier().getUniqueId() + ": " + failure.getException())
                .isEmpty();
        assertThat(summary.getTestsSucceededCount()).isGreaterThan(35);
    }
}
