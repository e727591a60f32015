package io.keepup.streams.audit.verify;

import io.keepup.engine.Engine;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/** What was compared of one volume. */
public final class Account {

    private final String volumeId;
    private final SortedMap<String, Tally> topics = new TreeMap<>();
    private long events;
    private int version = Engine.VERSION;

    Account(String volumeId) {
        this.volumeId = volumeId;
    }

    /** Empty for records without a key, which belong to no volume. */
    public String volumeId() {
        return volumeId;
    }

    /** Events replayed, refused ones too. */
    public long events() {
        return events;
    }

    /** By topic. */
    public SortedMap<String, Tally> topics() {
        return Collections.unmodifiableSortedMap(topics);
    }

    void event() {
        events++;
    }

    Tally tally(String topic) {
        return topics.computeIfAbsent(topic, t -> new Tally());
    }

    /** The engine that wrote the output seen last: what is missing next to it was left out by that one. */
    int version() {
        return version;
    }

    void seen(int engineVersion) {
        if (engineVersion >= 0) {
            version = engineVersion;
        }
    }
}
