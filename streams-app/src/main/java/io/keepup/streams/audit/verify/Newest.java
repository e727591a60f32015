package io.keepup.streams.audit.verify;

import io.keepup.schemas.topic.TopicSpec;
import io.keepup.schemas.topic.Topics;
import io.keepup.streams.fold.Output;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** Keeps an eye on the compacted topics: whatever else compaction took, the newest record of a key must be there. */
final class Newest {

    private static final Set<String> COMPACTED = Topics.shared().stream()
            .filter(t -> t.cleanup() == TopicSpec.Cleanup.COMPACT)
            .map(TopicSpec::name)
            .collect(Collectors.toUnmodifiableSet());

    private record Key(String topic, String key) {
        static Key of(String topic, byte[] key) {
            return new Key(topic, key == null ? "" : new String(key, StandardCharsets.UTF_8));
        }
    }

    private final Map<Key, Conflict> unseen = new LinkedHashMap<>();
    private final Set<Key> overtaken = new HashSet<>();

    static boolean watches(String topic) {
        return COMPACTED.contains(topic);
    }

    /** The key has a newer record than any that is compared, or was removed: compaction may have taken all others. */
    void overtaken(ConsumerRecord<byte[], byte[]> by) {
        overtaken.add(Key.of(by.topic(), by.key()));
    }

    /** The output is on its topic, maybe in another wording. */
    void seen(Output output) {
        unseen.remove(Key.of(output.topic(), output.key()));
    }

    /** The output is not on its topic: to be told unless a newer one is. */
    void unseen(Output output, Conflict conflict) {
        unseen.put(Key.of(output.topic(), output.key()), conflict);
    }

    /** Those that should be there and are not. */
    Collection<Conflict> missing() {
        unseen.keySet().removeAll(overtaken);
        return unseen.values();
    }
}
