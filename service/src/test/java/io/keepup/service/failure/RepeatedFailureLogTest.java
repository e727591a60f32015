package io.keepup.service.failure;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.core.LogEvent;
import org.apache.logging.log4j.core.Logger;
import org.apache.logging.log4j.core.appender.AbstractAppender;
import org.apache.logging.log4j.core.config.Property;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class RepeatedFailureLogTest {

    private static final String NAME = "io.keepup.service.failure.test";

    private final List<String> lines = new CopyOnWriteArrayList<>();
    private final AbstractAppender appender = new AbstractAppender("lines", null, null, false, Property.EMPTY_ARRAY) {
        @Override
        public void append(LogEvent event) {
            if (event.getLevel().isMoreSpecificThan(Level.WARN)) {
                lines.add(event.getLevel() + " " + event.getMessage().getFormattedMessage());
            }
        }
    };
    private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 5);
    private final RepeatedFailureLog failures = new RepeatedFailureLog(LoggerFactory.getLogger(NAME), nanos::get);

    @BeforeEach
    void listen() {
        appender.start();
        ((Logger) LogManager.getLogger(NAME)).addAppender(appender);
    }

    @AfterEach
    void leave() {
        ((Logger) LogManager.getLogger(NAME)).removeAppender(appender);
    }

    @Test
    void S_F12_a_kind_has_one_line_a_minute_with_the_number_of_those_passed_over() {
        for (int volume = 0; volume < 343; volume++) {
            failures.error(
                    "opening", "volume vol-" + volume + " is not opened", new IOException("too many open files"));
        }
        assertThat(lines).containsExactly("ERROR volume vol-0 is not opened");

        nanos.addAndGet(Duration.ofSeconds(59).toNanos());
        failures.error("opening", "volume vol-7 is not opened", new IOException("too many open files"));
        assertThat(lines).hasSize(1);

        nanos.addAndGet(Duration.ofSeconds(1).toNanos());
        failures.error("opening", "volume vol-8 {} is not opened", new IOException("too many open files"));
        assertThat(lines.get(1)).isEqualTo("ERROR volume vol-8 {} is not opened (and 343 more of this kind before)");
        nanos.addAndGet(Duration.ofSeconds(60).toNanos());
        failures.error("opening", "volume vol-9 is not opened", new IOException("too many open files"));
        assertThat(lines.get(2)).isEqualTo("ERROR volume vol-9 is not opened");
    }

    @Test
    void S_F12_another_kind_and_another_class_of_failure_have_lines_of_their_own() {
        failures.error("opening", "one", new IOException("gone"));
        failures.error("opening", "two", new IllegalStateException("gone"));
        failures.error("trimming", "three", new IOException("gone"));
        failures.error("refusing", "four");
        failures.error("refusing", "five");
        assertThat(lines).containsExactly("ERROR one", "ERROR two", "ERROR three", "ERROR four");
    }

    @Test
    void S_F12_the_wait_between_tries_grows_to_half_a_minute_and_begins_anew_after_a_success() {
        Backoff backoff = new Backoff(Duration.ofSeconds(1));
        assertThat(List.of(
                        backoff.failed(),
                        backoff.failed(),
                        backoff.failed(),
                        backoff.failed(),
                        backoff.failed(),
                        backoff.failed(),
                        backoff.failed()))
                .extracting(Duration::toSeconds)
                .containsExactly(1L, 2L, 4L, 8L, 16L, 30L, 30L);
        backoff.succeeded();
        assertThat(backoff.failed()).isEqualTo(Duration.ofSeconds(1));
    }
}
