package io.keepup.embedded.registry;

import static io.keepup.embedded.registry.RegistryException.subjectNotFound;
import static io.keepup.embedded.registry.RegistryException.versionNotFound;

import io.keepup.embedded.registry.RegistryException.Code;
import io.keepup.embedded.registry.RegistryRecord.IdsUsed;
import io.keepup.embedded.registry.RegistryRecord.LevelSet;
import io.keepup.embedded.registry.RegistryRecord.SubjectDeleted;
import io.keepup.embedded.registry.RegistryRecord.VersionErased;
import io.keepup.embedded.registry.RegistryRecord.VersionStored;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.apache.avro.Schema;

/**
 * What the registry answers and decides. Writers take turns: each decides from a state that holds everything written
 * before, and returns when its own record is acknowledged and folded. Readers never wait.
 */
final class Registry {

    /** The version that means "the newest not deleted". */
    static final int LATEST = -1;

    private final RegistryState state;
    private final SchemasTopic topic;
    private final ReentrantLock turn = new ReentrantLock();

    Registry(RegistryState state, SchemasTopic topic) {
        this.state = state;
        this.topic = topic;
    }

    List<String> subjects(boolean withDeleted) {
        return state.subjects(withDeleted);
    }

    /** The subject's versions, oldest first; never empty. */
    List<SchemaVersion> versions(String subject, boolean withDeleted) {
        List<SchemaVersion> versions = withDeleted ? state.all(subject) : state.live(subject);
        if (versions.isEmpty()) {
            throw subjectNotFound(subject);
        }
        return versions;
    }

    SchemaVersion version(String subject, int number, boolean withDeleted) {
        List<SchemaVersion> versions = versions(subject, withDeleted);
        if (number == LATEST) {
            return versions.get(versions.size() - 1);
        }
        return find(versions, number).orElseThrow(() -> versionNotFound(number));
    }

    /** The subject's version that is this schema. */
    SchemaVersion lookup(String subject, String text, boolean withDeleted) {
        Schema schema = parse(text);
        return newestOf(versions(subject, withDeleted), schema)
                .orElseThrow(() -> new RegistryException(Code.SCHEMA_NOT_FOUND, "Schema not found"));
    }

    String schemaText(int id) {
        return state.textOf(id)
                .orElseThrow(() -> new RegistryException(Code.SCHEMA_NOT_FOUND, "Schema %s not found".formatted(id)));
    }

    /** Where that schema is registered. */
    List<SchemaVersion> uses(int id, boolean withDeleted) {
        schemaText(id);
        return state.uses(id).stream()
                .filter(version -> withDeleted || !version.deleted())
                .toList();
    }

    /** Registers, or finds registered already, and returns the schema's id. */
    int register(String subject, String text) {
        Schema schema = parse(text);
        return inTurn(() -> {
            List<SchemaVersion> live = state.live(subject);
            Optional<SchemaVersion> registered = newestOf(live, schema);
            if (registered.isPresent()) {
                return registered.get().id();
            }
            List<String> violations = level(subject).violations(schema, live);
            if (!violations.isEmpty()) {
                throw new RegistryException(
                        Code.INCOMPATIBLE,
                        "Schema being registered is incompatible with an earlier schema for subject \"%s\" at level %s: %s"
                                .formatted(subject, level(subject), String.join("; ", violations)));
            }
            List<SchemaVersion> all = state.all(subject);
            int next = all.isEmpty() ? 1 : all.get(all.size() - 1).version() + 1;
            int id = state.idOf(schema.toString()).orElse(state.highestId() + 1);
            topic.append(List.of(VersionStored.of(subject, next, id, schema)));
            return id;
        });
    }

    /** What stands against registering the schema, by the subject's level, against one version only. */
    List<String> violationsAgainst(String subject, int number, String text) {
        Schema schema = parse(text);
        if (number == LATEST && state.live(subject).isEmpty()) {
            return List.of();
        }
        return level(subject).violations(schema, List.of(version(subject, number, false)));
    }

    /** What stands against registering the schema now. */
    List<String> violations(String subject, String text) {
        return level(subject).violations(parse(text), state.live(subject));
    }

    /** Deletes all versions, softly or, once softly deleted, for good; returns their numbers. */
    List<Integer> deleteSubject(String subject, boolean permanent) {
        return inTurn(() -> {
            List<SchemaVersion> all = versions(subject, true);
            List<SchemaVersion> live = state.live(subject);
            if (permanent) {
                if (!live.isEmpty()) {
                    throw new RegistryException(
                            Code.SUBJECT_NOT_SOFT_DELETED,
                            "Subject '%s' was not deleted first before being permanently deleted".formatted(subject));
                }
                erase(all);
                return numbers(all);
            }
            if (live.isEmpty()) {
                throw new RegistryException(
                        Code.SUBJECT_SOFT_DELETED,
                        "Subject '%s' was soft deleted. Set permanent=true to delete permanently".formatted(subject));
            }
            topic.append(List.of(
                    new SubjectDeleted(subject, live.get(live.size() - 1).version())));
            return numbers(live);
        });
    }

    /** Deletes one version, softly or, once softly deleted, for good; returns its number. */
    int deleteVersion(String subject, int number, boolean permanent) {
        return inTurn(() -> {
            SchemaVersion version =
                    number == LATEST && !permanent ? version(subject, LATEST, false) : version(subject, number, true);
            if (permanent && !version.deleted()) {
                throw new RegistryException(
                        Code.VERSION_NOT_SOFT_DELETED,
                        "Subject '%s' Version %s was not deleted first before being permanently deleted"
                                .formatted(subject, version.version()));
            }
            if (!permanent && version.deleted()) {
                throw new RegistryException(
                        Code.VERSION_SOFT_DELETED,
                        "Subject '%s' Version %s was soft deleted. Set permanent=true to delete permanently"
                                .formatted(subject, version.version()));
            }
            if (permanent) {
                erase(List.of(version));
            } else {
                topic.append(List.of(new VersionStored(version.asDeleted())));
            }
            return version.version();
        });
    }

    CompatibilityLevel globalLevel() {
        return state.globalLevel();
    }

    /** The subject's own level. */
    CompatibilityLevel ownLevel(String subject) {
        return state.ownLevel(subject)
                .orElseThrow(() -> new RegistryException(
                        Code.LEVEL_NOT_CONFIGURED,
                        "Subject '%s' does not have subject-level compatibility configured".formatted(subject)));
    }

    /** The level that holds for the subject: its own, else that of all. */
    CompatibilityLevel level(String subject) {
        return state.ownLevel(subject).orElseGet(state::globalLevel);
    }

    /** Sets the level of a subject, or of all when the subject is null. */
    CompatibilityLevel setLevel(String subject, String name) {
        CompatibilityLevel level = CompatibilityLevel.named(name)
                .orElseThrow(
                        () -> new RegistryException(
                                Code.INVALID_LEVEL,
                                "Invalid compatibility level. Valid values are none, backward, forward, full, backward_transitive, forward_transitive, and full_transitive"));
        return inTurn(() -> {
            topic.append(List.of(new LevelSet(subject, level)));
            return level;
        });
    }

    /** Takes the level of a subject, or of all when null, away; returns what it was. */
    CompatibilityLevel clearLevel(String subject) {
        return inTurn(() -> {
            CompatibilityLevel before = subject == null ? globalLevel() : ownLevel(subject);
            topic.append(List.of(new LevelSet(subject, null)));
            return before;
        });
    }

    boolean healthy() {
        return topic.healthy();
    }

    private <T> T inTurn(Supplier<T> decision) {
        turn.lock();
        try {
            topic.settle();
            return decision.get();
        } finally {
            turn.unlock();
        }
    }

    private void erase(List<SchemaVersion> versions) {
        List<RegistryRecord> changes = new ArrayList<>();
        changes.add(new IdsUsed(state.highestId()));
        versions.forEach(version -> changes.add(new VersionErased(version.subject(), version.version())));
        topic.append(changes);
    }

    private static Optional<SchemaVersion> find(List<SchemaVersion> versions, int number) {
        return versions.stream().filter(version -> version.version() == number).findFirst();
    }

    private static Optional<SchemaVersion> newestOf(List<SchemaVersion> versions, Schema schema) {
        String text = schema.toString();
        return versions.stream().filter(version -> version.text().equals(text)).reduce((older, newer) -> newer);
    }

    private static List<Integer> numbers(List<SchemaVersion> versions) {
        return versions.stream().map(SchemaVersion::version).toList();
    }

    private static Schema parse(String text) {
        try {
            return new Schema.Parser().parse(text);
        } catch (RuntimeException e) {
            // Not only AvroRuntimeException: Avro 1.12 answers an unknown type name with a NullPointerException.
            throw new RegistryException(Code.INVALID_SCHEMA, "Invalid schema: " + e.getMessage(), e);
        }
    }
}
