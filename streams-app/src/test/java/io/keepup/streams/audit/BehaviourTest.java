package io.keepup.streams.audit;

import static org.assertj.core.api.Assertions.assertThat;

import io.keepup.engine.Engine;
import io.keepup.engine.Policy;
import io.keepup.schemas.codec.UndecodableException;
import io.keepup.streams.RandomHistory;
import io.keepup.streams.audit.file.AuditExport;
import io.keepup.streams.audit.file.AuditFile;
import io.keepup.streams.audit.verify.Difference;
import io.keepup.streams.audit.verify.Verification;
import io.keepup.streams.audit.verify.Verifier;
import io.keepup.v1.SyncAckReceived;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What the engine of each version decided was recorded: a long history and all that followed, as an exported audit. Where the
 * present engine decides otherwise, its version must rise: then raise {@link Engine#VERSION} and run this test with
 * {@code -Dkeepup.behaviour.record=true}, which folds the last recorded events anew and writes the version's own files. Those
 * of earlier versions stay.
 */
class BehaviourTest {

    private static final Path FILES = Path.of("src/test/resources/io/keepup/streams/audit");
    private static final int EVENTS = 700;
    private static final long SEED = 20_260_101L;

    @TempDir
    Path directory;

    @ParameterizedTest
    @ValueSource(strings = {"safe", "reference"})
    void the_engine_decides_what_the_engine_of_its_version_was_recorded_to_decide(String name) throws IOException {
        Policy policy = name.equals("safe") ? Policy.safe() : Policy.reference();
        Path recorded = file(Engine.VERSION, name);
        if (Boolean.getBoolean("keepup.behaviour.record")) {
            record(recorded, name, policy);
        }
        assertThat(recorded)
                .as("engine %d was not recorded: see this class", Engine.VERSION)
                .exists();
        AuditFile file = AuditFile.open(recorded);

        Verification verification = new Verifier(file, file.codec(), policy).run(Progress.NONE);

        assertThat(verification.differences())
                .as(
                        "the engine decides otherwise than when version %d was recorded: raise Engine.VERSION",
                        Engine.VERSION)
                .isEmpty();
        assertThat(verification.unlisted()).isZero();
        assertThat(verification.accounts().get(0).events()).isEqualTo(EVENTS);
        assertThat(types(file))
                .contains("ApplyRole", "ConfigureShipper", "StartReceiver", "IssueCatchUp", "IssueRebuild")
                .contains("VolumeProjection", "SessionRecord", "Rejected");
        Policy other = name.equals("safe") ? Policy.reference() : Policy.safe();
        assertThat(new Verifier(file, file.codec(), other).run(Progress.NONE).differences())
                .as("decided by other rules")
                .extracting(Difference::kind)
                .contains(Difference.Kind.ALTERED);
    }

    @ParameterizedTest
    @ValueSource(strings = {"ar-EG", "fa-IR", "tr-TR"})
    void S_F1_it_decides_the_same_under(String locale) throws IOException {
        Locale before = Locale.getDefault();
        Locale.setDefault(Locale.forLanguageTag(locale));
        try {
            the_engine_decides_what_the_engine_of_its_version_was_recorded_to_decide("safe");
        } finally {
            Locale.setDefault(before);
        }
    }

    private static Path file(int version, String policy) {
        return FILES.resolve("behaviour-%s-%s.avro".formatted(version, policy));
    }

    private static Set<String> types(AuditFile file) {
        Set<String> types = new TreeSet<>();
        file.outputs(Progress.NONE, output -> {
            try {
                types.add(file.codec().decode(output.value()).getSchema().getName());
            } catch (UndecodableException e) {
                throw new AssertionError(e);
            }
        });
        return types;
    }

    private void record(Path to, String name, Policy policy) throws IOException {
        try (RecordedFold fold = new RecordedFold(directory, policy)) {
            Path last = file(Engine.VERSION - 1, name);
            if (Files.exists(last)) {
                again(AuditFile.open(last), fold);
            } else {
                RandomHistory history = new RandomHistory("vol-1", SEED);
                for (int i = 0; i < EVENTS; i++) {
                    if (i % 100 == 11) {
                        fold.send("vol-1", new byte[] {1, 2, 3}, new RecordHeaders());
                    } else {
                        fold.send(history.next());
                    }
                }
            }
            Files.createDirectories(FILES);
            Files.deleteIfExists(to);
            AuditExport.write(to, fold.of("vol-1"), fold.registry, policy, Instant.EPOCH, Progress.NONE);
        }
    }

    /** Recorded events of engine 2 and before do not tell the primary's uptime: half a minute passes with each sync. */
    private static SpecificRecord withUptime(SpecificRecord event) {
        return event instanceof SyncAckReceived e && e.getPrimaryUptimeMs() == 0
                ? SyncAckReceived.newBuilder(e)
                        .setPrimaryUptimeMs(30_000 * e.getSyncId())
                        .build()
                : event;
    }

    private static void again(AuditFile from, RecordedFold fold) {
        List<ConsumerRecord<byte[], byte[]>> events = new ArrayList<>();
        from.events(Progress.NONE, events::add);
        for (ConsumerRecord<byte[], byte[]> event : events) {
            try {
                fold.send(withUptime(from.codec().decode(event.value())));
            } catch (UndecodableException e) {
                fold.send("vol-1", event.value(), event.headers());
            }
        }
    }
}
