package io.keepup.embedded.registry;

import io.keepup.embedded.registry.RegistryRecord.IdsUsed;
import io.keepup.embedded.registry.RegistryRecord.LevelSet;
import io.keepup.embedded.registry.RegistryRecord.Noop;
import io.keepup.embedded.registry.RegistryRecord.SubjectDeleted;
import io.keepup.embedded.registry.RegistryRecord.VersionErased;
import io.keepup.embedded.registry.RegistryRecord.VersionStored;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.stream.Stream;

/** All subjects, versions, ids and levels: the fold of the topic's records. Thread-safe; answers are snapshots. */
final class RegistryState {

    private static final CompatibilityLevel DEFAULT_LEVEL = CompatibilityLevel.FULL_TRANSITIVE;

    private final TreeMap<String, TreeMap<Integer, SchemaVersion>> subjects = new TreeMap<>();
    /** By subject; the key null is the level of all others. */
    private final Map<String, CompatibilityLevel> levels = new HashMap<>();

    private int highestId;

    synchronized void apply(RegistryRecord change) {
        switch (change) {
            case VersionStored stored -> store(stored.version());
            case VersionErased erased -> erase(erased.subject(), erased.version());
            case SubjectDeleted deleted -> delete(deleted.subject(), deleted.upToVersion());
            case LevelSet set -> setLevel(set.subject(), set.level());
            case IdsUsed used -> highestId = Math.max(highestId, used.highest());
            case Noop noop -> {}
        }
    }

    private void store(SchemaVersion version) {
        subjects.computeIfAbsent(version.subject(), subject -> new TreeMap<>()).put(version.version(), version);
        highestId = Math.max(highestId, version.id());
    }

    private void erase(String subject, int version) {
        TreeMap<Integer, SchemaVersion> versions = subjects.get(subject);
        if (versions != null) {
            versions.remove(version);
            if (versions.isEmpty()) {
                subjects.remove(subject);
            }
        }
    }

    private void delete(String subject, int upTo) {
        levels.remove(subject);
        TreeMap<Integer, SchemaVersion> versions = subjects.get(subject);
        if (versions != null) {
            versions.headMap(upTo, true).replaceAll((number, version) -> version.asDeleted());
        }
    }

    private void setLevel(String subject, CompatibilityLevel level) {
        if (level == null) {
            levels.remove(subject);
        } else {
            levels.put(subject, level);
        }
    }

    /** Names in order; a subject whose versions are all deleted counts only when deleted ones are asked for. */
    synchronized List<String> subjects(boolean withDeleted) {
        return subjects.keySet().stream()
                .filter(subject -> withDeleted || !live(subject).isEmpty())
                .toList();
    }

    /** The subject's versions, oldest first, with deleted ones; empty when the subject is unknown. */
    synchronized List<SchemaVersion> all(String subject) {
        return List.copyOf(subjects.getOrDefault(subject, new TreeMap<>()).values());
    }

    /** The subject's versions that are not deleted, oldest first. */
    synchronized List<SchemaVersion> live(String subject) {
        return all(subject).stream().filter(version -> !version.deleted()).toList();
    }

    /** The canonical text of that id; a softly deleted schema is still there, for data that carries its id. */
    synchronized Optional<String> textOf(int id) {
        return everything().filter(version -> version.id() == id).findFirst().map(SchemaVersion::text);
    }

    /** Where that id is used, in order of subject and version, with deleted ones. */
    synchronized List<SchemaVersion> uses(int id) {
        return everything()
                .filter(version -> version.id() == id)
                .sorted(Comparator.comparing(SchemaVersion::subject).thenComparing(SchemaVersion::version))
                .toList();
    }

    /** The id that text has under any subject. */
    synchronized OptionalInt idOf(String text) {
        return everything()
                .filter(version -> version.text().equals(text))
                .mapToInt(SchemaVersion::id)
                .findFirst();
    }

    /** The highest id ever given out, 0 for none. */
    synchronized int highestId() {
        return highestId;
    }

    /** The level set for this subject itself. */
    synchronized Optional<CompatibilityLevel> ownLevel(String subject) {
        return Optional.ofNullable(levels.get(subject));
    }

    synchronized CompatibilityLevel globalLevel() {
        return levels.getOrDefault(null, DEFAULT_LEVEL);
    }

    private Stream<SchemaVersion> everything() {
        return subjects.values().stream().flatMap(versions -> versions.values().stream());
    }
}
