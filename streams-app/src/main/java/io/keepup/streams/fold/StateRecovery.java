package io.keepup.streams.fold;

import java.util.OptionalLong;
import java.util.function.Predicate;

/**
 * What becomes of a task whose state is lost.
 *
 * @param logs to ask what the state should have been folded from
 * @param refold whether to fold all events again; otherwise the app stops with a sentence
 */
public record StateRecovery(EventsLog.Factory logs, boolean refold) {

    /** For an app that has folded nothing before. */
    public static StateRecovery ofNewApp() {
        return new StateRecovery(Nothing::new, false);
    }

    private static final class Nothing implements EventsLog {

        @Override
        public OptionalLong committed(int partition) {
            return OptionalLong.empty();
        }

        @Override
        public long end(int partition) {
            return Long.MAX_VALUE;
        }

        @Override
        public long begin(int partition) {
            return 0;
        }

        @Override
        public void read(int partition, long from, long until, Predicate<SourceRecord> sink) {
            // there is nothing
        }

        @Override
        public void close() {
            // nothing is open
        }
    }
}
