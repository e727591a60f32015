package io.keepup.schemas.topic;

import java.util.List;
import java.util.Map;
import org.apache.avro.Schema;

/**
 * One topic of the catalogue: what the code creates and checks, and what the docs print.
 *
 * @param name topic name
 * @param key what the record key is, in words
 * @param partitions number of partitions when Keepup creates it
 * @param cleanup retention policy
 * @param config further topic settings, by Kafka's own names
 * @param records the record types that may appear as values
 */
public record TopicSpec(
        String name, Key key, int partitions, Cleanup cleanup, Map<String, String> config, List<Schema> records) {

    public TopicSpec {
        config = Map.copyOf(config);
        records = List.copyOf(records);
    }

    /** How long records are kept, in words. */
    public String retention() {
        long ms = Long.parseLong(config.getOrDefault("retention.ms", "-1"));
        if (cleanup == Cleanup.COMPACT) {
            return "newest of each key";
        }
        return ms < 0 ? "for ever" : ms / 60_000 + " min";
    }

    /** What a record is keyed by. */
    public enum Key {
        VOLUME("volume id"),
        NODE("id of the node that must act or answer"),
        SESSION("session id"),
        VOLUME_SESSION("volume id/session id"),
        SOURCE("key of the refused record");

        private final String words;

        Key(String words) {
            this.words = words;
        }

        /** For documents and command output. */
        public String words() {
            return words;
        }
    }

    /** Kafka's cleanup.policy. */
    public enum Cleanup {
        DELETE,
        COMPACT;

        /** The value of {@code cleanup.policy}. */
        public String policy() {
            return name().toLowerCase(java.util.Locale.ROOT);
        }
    }
}
