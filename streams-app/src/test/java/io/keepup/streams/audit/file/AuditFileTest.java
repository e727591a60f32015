package io.keepup.streams.audit.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.keepup.engine.Policy;
import io.keepup.schemas.registry.RegistryException;
import io.keepup.schemas.topic.Topics;
import io.keepup.streams.RandomHistory;
import io.keepup.streams.audit.AuditException;
import io.keepup.streams.audit.AuditLog;
import io.keepup.streams.audit.Place;
import io.keepup.streams.audit.Progress;
import io.keepup.streams.audit.RecordedFold;
import io.keepup.streams.audit.verify.Account;
import io.keepup.streams.audit.verify.Verification;
import io.keepup.streams.audit.verify.Verifier;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.apache.avro.file.DataFileReader;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A bug report that is a test: what a file replays is what the cluster would have replayed, or it is refused. */
class AuditFileTest {

    private static final Instant NOW = Instant.ofEpochMilli(1_800_000_000_000L);

    @TempDir
    Path directory;

    private final long seed = System.nanoTime();
    private RecordedFold fold;
    private Path file;

    @BeforeEach
    void record() {
        System.out.printf("seed %d%n", seed);
        file = directory.resolve("audit.avro");
        fold = new RecordedFold(directory.resolve("state"), Policy.safe());
        RandomHistory ours = new RandomHistory("vol-1", seed);
        RandomHistory others = new RandomHistory("vol-2", seed + 1);
        for (int i = 0; i < 300; i++) {
            fold.send(ours.next(), others.next());
            if (i % 60 == 5) {
                fold.send("vol-1", new byte[] {0, 0, 0, 0, 99, 1, 2}, new RecordHeaders().add("h", null));
                fold.send("vol-1", null, new RecordHeaders());
            }
        }
        fold.of("vol-1");
    }

    @AfterEach
    void close() {
        fold.close();
    }

    private long export() {
        return AuditExport.write(file, fold, fold.registry, Policy.safe(), NOW, Progress.NONE);
    }

    private static Verification verify(AuditLog log, io.keepup.schemas.codec.RecordCodec codec) {
        return new Verifier(log, codec, Policy.safe()).run(Progress.NONE);
    }

    @Test
    void what_is_replayed_from_a_file_is_what_the_log_itself_gives() {
        fold.compact(Topics.PROJECTIONS);
        fold.expire(Topics.COMMANDS_NODE, 1);
        long records = export();

        AuditFile read = AuditFile.open(file);

        assertThat(read.volumeId()).isEqualTo("vol-1");
        assertThat(read.policy()).isEqualTo("safe");
        assertThat(read.extent()).isEqualTo(fold.extent());
        List<String> events = events(read);
        assertThat(events).isEqualTo(events(fold)).hasSize(310);
        long outputs = outputs(read).size();
        assertThat(events.size() + outputs).isEqualTo(records);
        assertSame(verify(read, read.codec()), verify(fold, fold.codec));
        assertThat(verify(read, read.codec()).proven()).isTrue();
    }

    @Test
    void S_F3_an_event_that_was_too_large_is_replayed_from_what_is_kept_of_it() {
        fold.send("vol-1", new byte[10_000_000], new RecordHeaders().add("large", new byte[100_000]));
        fold.send("vol-1", "k".repeat(4096).getBytes(StandardCharsets.UTF_8), new RecordHeaders());
        export();

        AuditFile read = AuditFile.open(file);

        assertThat(file.toFile().length()).as("compressed zeros").isLessThan(500_000);
        assertThat(events(read)).isEqualTo(events(fold));
        assertSame(verify(read, read.codec()), verify(fold, fold.codec));
        assertThat(verify(read, read.codec()).proven()).isTrue();
    }

    /** Recorded by an earlier release. */
    @Test
    void a_file_of_the_first_format_is_read() {
        AuditFile read = AuditFile.open(Path.of("src/test/resources/io/keepup/streams/audit/behaviour-2-safe.avro"));

        assertThat(events(read)).hasSize(700);
        assertThat(verify(read, read.codec()).differences())
                .as("what this engine decides otherwise")
                .isNotEmpty()
                .allSatisfy(difference -> {
                    assertThat(difference.ofVersion()).isTrue();
                    assertThat(difference.version()).isEqualTo(2);
                });
    }

    @Test
    void differences_go_along_in_the_file() {
        List<ConsumerRecord<byte[], byte[]>> commands = fold.on(Topics.COMMANDS_SESSION).stream()
                .filter(r -> new String(header(r)).startsWith("vol-1/"))
                .toList();
        fold.remove(commands.get(0));
        ConsumerRecord<byte[], byte[]> doubled = commands.get(1);
        fold.put(doubled.topic(), doubled.key(), doubled.value(), doubled.headers());
        byte[] cut = Arrays.copyOf(commands.get(2).value(), commands.get(2).value().length - 3);
        fold.replace(
                commands.get(2), commands.get(2).key(), cut, commands.get(2).headers());
        export();

        AuditFile read = AuditFile.open(file);

        Verification fromFile = verify(read, read.codec());
        assertThat(fromFile.differences()).hasSize(3);
        assertSame(fromFile, verify(fold, fold.codec));
    }

    private static byte[] header(ConsumerRecord<byte[], byte[]> record) {
        return record.headers().lastHeader("ce_id").value();
    }

    @Test
    void an_earlier_end_of_the_file_is_the_earlier_end_of_the_log() {
        export();
        for (long end : new long[] {0, 1, 100, 250}) {
            AuditFile read = AuditFile.open(file);
            read.endAt(end);
            assertSame(verify(read, read.codec()), verify(fold.endAt(end), fold.codec));
        }
    }

    private static void assertSame(Verification one, Verification other) {
        assertThat(one.differences()).isEqualTo(other.differences());
        assertThat(one.extent()).isEqualTo(other.extent());
        assertThat(one.accounts())
                .usingRecursiveComparison()
                .ignoringFields("version")
                .isEqualTo(other.accounts());
        assertThat(one.accounts()).extracting(Account::volumeId).isSubsetOf("vol-1");
    }

    @Test
    void a_file_that_is_cut_short_anywhere_is_refused_in_one_line() throws IOException {
        export();
        byte[] whole = Files.readAllBytes(file);
        Path cut = directory.resolve("cut.avro");
        for (int length : places(whole.length)) {
            Files.write(cut, Arrays.copyOf(whole, length));
            assertRefused(catchThrowable(() -> AuditFile.open(cut)), cut, length);
        }
    }

    @Test
    void a_file_of_which_a_byte_was_altered_is_refused_or_says_the_same() throws IOException {
        export();
        List<String> all = events(AuditFile.open(file));
        byte[] whole = Files.readAllBytes(file);
        Path altered = directory.resolve("altered.avro");
        int refused = 0;
        List<Integer> places = places(whole.length);
        for (int place : places) {
            byte[] bytes = whole.clone();
            bytes[place] ^= (byte) (1 << place % 8);
            Files.write(altered, bytes);
            Throwable failure = catchThrowable(
                    () -> assertThat(events(AuditFile.open(altered))).isEqualTo(all));
            if (failure != null) {
                assertRefused(failure, altered, place);
                refused++;
            }
        }
        assertThat(refused).as("only the schema's own prose may be altered").isGreaterThan(places.size() / 2);
    }

    /** Every byte at both ends, and some of those between. */
    private List<Integer> places(int length) {
        List<Integer> places = new ArrayList<>();
        Random random = new Random(seed);
        for (int i = 0; i < 60; i++) {
            places.add(i);
            places.add(length - 1 - i);
            places.add(random.nextInt(length));
        }
        return places;
    }

    private static void assertRefused(Throwable failure, Path path, int place) {
        assertThat(failure).as("byte %d", place).isInstanceOf(AuditException.class);
        assertThat(failure.getMessage()).contains(path.toString()).doesNotContain("\n");
    }

    @Test
    void entries_that_were_taken_out_or_put_in_by_somebody_who_knows_the_format_are_noticed() throws IOException {
        export();
        Path other = directory.resolve("other.avro");
        try (DataFileReader<GenericRecord> in = new DataFileReader<>(file.toFile(), new GenericDatumReader<>());
                var out = new org.apache.avro.file.DataFileWriter<GenericRecord>(
                        new org.apache.avro.generic.GenericDatumWriter<>())) {
            out.setMeta("keepup.audit.format", "1");
            out.create(in.getSchema(), other.toFile());
            int n = 0;
            while (in.hasNext()) {
                GenericRecord entry = in.next();
                if (++n != 20) {
                    out.append(entry);
                }
            }
        }
        assertThatThrownBy(() -> AuditFile.open(other))
                .isInstanceOf(AuditException.class)
                .hasMessage("%s was altered after it was exported: export it again", other);
    }

    @Test
    void what_is_no_export_is_said_to_be_none() throws IOException {
        Path text = Files.writeString(directory.resolve("text"), "hello, this is no audit");
        assertThatThrownBy(() -> AuditFile.open(text)).hasMessageContaining("is no exported audit");
        assertThatThrownBy(() -> AuditFile.open(directory.resolve("nothing")))
                .hasMessage("there is no file %s", directory.resolve("nothing"));
        assertThatThrownBy(() -> AuditFile.open(directory)).isInstanceOf(AuditException.class);
    }

    @Test
    void nothing_is_overwritten_and_nothing_half_written_stays() throws IOException {
        Files.writeString(file, "mine");
        assertThatThrownBy(this::export).hasMessage("%s is there already: name another file", file);
        assertThat(file).hasContent("mine");
        Files.delete(file);

        fold.registry.away(1);
        assertThatThrownBy(this::export).isInstanceOf(RegistryException.class);
        assertThat(file).doesNotExist();
        assertThatThrownBy(() -> AuditExport.write(
                        directory.resolve("no/such/folder"), fold, fold.registry, Policy.safe(), NOW, Progress.NONE))
                .isInstanceOf(AuditException.class)
                .hasMessageContaining("cannot write");
    }

    private static List<String> events(AuditLog log) {
        List<String> events = new ArrayList<>();
        log.events(Progress.NONE, r -> events.add(text(r)));
        return events;
    }

    private static List<String> outputs(AuditLog log) {
        List<String> outputs = new ArrayList<>();
        log.outputs(Progress.NONE, r -> outputs.add(text(r)));
        return outputs;
    }

    private static String text(ConsumerRecord<byte[], byte[]> r) {
        StringBuilder headers = new StringBuilder();
        r.headers().forEach(h -> headers.append(h.key()).append(Arrays.toString(h.value())));
        return Place.of(r) + " " + r.timestamp() + Arrays.toString(r.key()) + Arrays.toString(r.value()) + headers;
    }
}
