package io.keepup.streams.fold;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keepup.schemas.registry.RegistryException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(10)
class RegistryPatienceTest {

    @Test
    void calls_until_the_registry_answers() {
        AtomicInteger calls = new AtomicInteger();
        RegistryPatience patience = new RegistryPatience(Duration.ofMillis(1));
        assertThat(patience.call(() -> {
                    if (calls.incrementAndGet() < 25) {
                        throw new RegistryException("away");
                    }
                    return "there";
                }))
                .isEqualTo("there");
        assertThat(calls).hasValue(25);
    }

    @Test
    void says_that_it_waits_and_why_as_long_as_it_does() {
        RegistryPatience patience = new RegistryPatience(Duration.ofMillis(1));
        AtomicInteger calls = new AtomicInteger();
        patience.call(() -> {
            if (calls.incrementAndGet() == 1) {
                assertThat(patience.whyWaiting()).isEmpty();
                throw new RegistryException("away");
            }
            assertThat(patience.waiting()).isOne();
            assertThat(patience.whyWaiting()).hasValue("the fold waits for the schema registry: away");
            return "there";
        });
        assertThat(patience.waiting()).isZero();
        assertThat(patience.whyWaiting()).isEmpty();
    }

    @Test
    void stops_waiting_when_the_app_stops() {
        RegistryPatience patience = new RegistryPatience(Duration.ofHours(1));
        assertThatThrownBy(() -> patience.call(() -> {
                    patience.stop();
                    throw new RegistryException("away");
                }))
                .isInstanceOf(RegistryException.class);
        assertThat(patience.waiting()).isZero();
    }

    @Test
    void a_bug_is_no_reason_to_wait() {
        RegistryPatience patience = new RegistryPatience(Duration.ofHours(1));
        assertThatThrownBy(() -> patience.call(() -> {
                    throw new IllegalStateException("bug");
                }))
                .isInstanceOf(IllegalStateException.class);
    }
}
