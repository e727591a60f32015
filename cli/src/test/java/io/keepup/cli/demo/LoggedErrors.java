package io.keepup.cli.demo;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.core.LogEvent;
import org.apache.logging.log4j.core.Logger;
import org.apache.logging.log4j.core.appender.AbstractAppender;
import org.apache.logging.log4j.core.config.Property;

/** The errors that this process logs while this is open, and so shows on a terminal. */
final class LoggedErrors implements AutoCloseable {

    private record Line(String logger, String text) {}

    private final List<Line> lines = new CopyOnWriteArrayList<>();
    private final Logger root = (Logger) LogManager.getRootLogger();
    private final AbstractAppender appender = new AbstractAppender("errors", null, null, false, Property.EMPTY_ARRAY) {
        @Override
        public void append(LogEvent event) {
            if (event.getLevel().isMoreSpecificThan(Level.ERROR)) {
                lines.add(new Line(
                        event.getLoggerName(),
                        "%s: %s %s"
                                .formatted(
                                        event.getLoggerName(),
                                        event.getMessage().getFormattedMessage(),
                                        event.getThrown() == null ? "" : event.getThrown())));
            }
        }
    };

    LoggedErrors() {
        appender.start();
        root.addAppender(appender);
    }

    /** Not what Kafka says of a machine that is too slow for it. */
    List<String> ofKeepupAndItsRecords() {
        return lines.stream()
                .filter(line -> line.logger.startsWith("io.keepup") || line.logger.endsWith("ReplicaManager"))
                .map(Line::text)
                .toList();
    }

    @Override
    public void close() {
        root.removeAppender(appender);
        appender.stop();
    }
}
