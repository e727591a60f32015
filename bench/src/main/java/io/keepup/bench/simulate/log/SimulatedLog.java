package io.keepup.bench.simulate.log;

import io.keepup.bench.simulate.time.Scheduler;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeaders;

/** Topics of one partition each, with their committed offsets. A transaction's records come all at once or never. */
public final class SimulatedLog {

    /** One topic: what was ever written to it, and where it begins now. */
    static final class Topic {
        private final List<Stored> records = new ArrayList<>();
        private long begin;

        long begin() {
            return begin;
        }

        long end() {
            return records.size();
        }

        Stored at(long offset) {
            return records.get((int) offset);
        }
    }

    private final Scheduler time;
    private final Map<String, Topic> topics = new TreeMap<>();
    private final Map<String, Map<TopicPartition, OffsetAndMetadata>> groups = new HashMap<>();
    private final List<Consumer<Stored>> listeners = new ArrayList<>();
    private long fingerprint = 0xcbf29ce484222325L;

    public SimulatedLog(Scheduler time) {
        this.time = time;
    }

    public void create(String topic) {
        topics.computeIfAbsent(topic, name -> new Topic());
    }

    public boolean exists(String topic) {
        return topics.containsKey(topic);
    }

    /** Sees every record as it is written. */
    public void listen(Consumer<Stored> listener) {
        listeners.add(listener);
    }

    /** Writes a record at once. */
    public Stored append(Draft draft, long timestamp, String by) {
        return write(draft, timestamp, false, by);
    }

    /** Writes records that belong together, then the mark of their end on each topic. */
    public List<Stored> transaction(Collection<Draft> drafts, long timestamp, String by) {
        List<Stored> written = new ArrayList<>(drafts.size());
        TreeSet<String> touched = new TreeSet<>();
        for (Draft draft : drafts) {
            written.add(write(draft, timestamp, false, by));
            touched.add(draft.topic());
        }
        for (String topic : touched) {
            write(new Draft(topic, null, null, new RecordHeaders()), timestamp, true, by);
        }
        return written;
    }

    private Stored write(Draft draft, long timestamp, boolean marker, String by) {
        Topic topic = topic(draft.topic());
        Stored stored = new Stored(
                draft.topic(),
                topic.records.size(),
                time.now(),
                timestamp,
                draft.key(),
                draft.value(),
                draft.headers(),
                marker,
                by);
        topic.records.add(stored);
        note(stored);
        listeners.forEach(listener -> listener.accept(stored));
        return stored;
    }

    /** Deletes what lies below an offset; returns where the topic begins now. */
    public long delete(String topic, long before) {
        Topic cut = topic(topic);
        cut.begin = Math.max(cut.begin, Math.min(before, cut.records.size()));
        return cut.begin;
    }

    public long begin(String topic) {
        return topic(topic).begin;
    }

    /** Offset of the next record. */
    public long end(String topic) {
        return topic(topic).records.size();
    }

    /** Any record ever written, deleted or not. */
    public Stored at(String topic, long offset) {
        return topic(topic).records.get((int) offset);
    }

    /** Every record ever written to a topic. */
    public List<Stored> all(String topic) {
        return topic(topic).records;
    }

    public void commit(String group, Map<TopicPartition, OffsetAndMetadata> offsets) {
        groups.computeIfAbsent(group, id -> new HashMap<>()).putAll(offsets);
    }

    public OffsetAndMetadata committed(String group, TopicPartition partition) {
        return groups.getOrDefault(group, Map.of()).get(partition);
    }

    /** Takes a group back by so many records. */
    public void rewind(String group, TopicPartition partition, long records) {
        OffsetAndMetadata at = committed(group, partition);
        if (at != null) {
            commit(group, Map.of(partition, new OffsetAndMetadata(Math.max(0, at.offset() - records))));
        }
    }

    /** A number that two histories share only if every record of theirs is the same, at the same time. */
    public long fingerprint() {
        return fingerprint;
    }

    private void note(Stored stored) {
        mix(stored.topic().getBytes(StandardCharsets.UTF_8));
        mix(stored.key());
        mix(stored.value());
        fingerprint = (fingerprint ^ stored.at()) * 0x100000001b3L;
    }

    private void mix(byte[] bytes) {
        long hash = fingerprint;
        if (bytes != null) {
            for (byte each : bytes) {
                hash = (hash ^ each) * 0x100000001b3L;
            }
        }
        fingerprint = (hash ^ 0xff) * 0x100000001b3L;
    }

    Topic topic(String name) {
        Topic topic = topics.get(name);
        if (topic == null) {
            throw new IllegalStateException("there is no topic " + name);
        }
        return topic;
    }
}
