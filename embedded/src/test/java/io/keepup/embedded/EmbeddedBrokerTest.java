package io.keepup.embedded;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.keepup.embedded.EmbeddedStartException.Reason;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.utils.Exit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
class EmbeddedBrokerTest {

    @TempDir
    Path temp;

    @Test
    void a_restart_on_the_same_directory_keeps_topics_records_and_cluster_id() throws Exception {
        String clusterId;
        try (EmbeddedBroker broker = EmbeddedBroker.start(temp, 0)) {
            clusterId = broker.clusterId();
            Clients.createTopic(broker.bootstrapServers(), "kept", Map.of());
            try (KafkaProducer<String, byte[]> producer = Clients.producer(broker.bootstrapServers(), Map.of())) {
                for (int i = 0; i < 100; i++) {
                    producer.send(record("kept", "r" + i)).get();
                }
            }
        }

        try (EmbeddedBroker broker = EmbeddedBroker.start(temp, 0)) {
            assertThat(broker.clusterId()).isEqualTo(clusterId);
            assertThat(values(Clients.readAll(broker.bootstrapServers(), "kept")))
                    .hasSize(100)
                    .startsWith("r0")
                    .endsWith("r99");
        }
    }

    @Test
    void S_F1_log_files_named_in_the_digits_of_a_locale_are_recognised() throws Exception {
        try (EmbeddedBroker broker = EmbeddedBroker.start(temp, 0)) {
            Clients.createTopic(broker.bootstrapServers(), "kept", Map.of());
            try (KafkaProducer<String, byte[]> producer = Clients.producer(broker.bootstrapServers(), Map.of())) {
                for (int i = 0; i < 100; i++) {
                    producer.send(record("kept", "r" + i)).get();
                }
            }
        }
        // as a broker under that locale names them
        List<Path> named = logFiles();
        for (Path file : named) {
            Files.move(file, inPersianDigits(file));
        }

        try (EmbeddedBroker broker = EmbeddedBroker.start(temp, 0)) {
            assertThat(values(Clients.readAll(broker.bootstrapServers(), "kept")))
                    .hasSize(100)
                    .endsWith("r99");
        }
        assertThat(logFiles()).containsAll(named);
    }

    @Test
    void S_F1_two_log_files_with_the_same_number_are_refused_and_none_is_touched() throws Exception {
        try (EmbeddedBroker broker = EmbeddedBroker.start(temp, 0)) {
            Clients.createTopic(broker.bootstrapServers(), "kept", Map.of());
        }
        Path segment = temp.resolve("log/kept-0/00000000000000000000.log");
        Path other = Files.copy(segment, inPersianDigits(segment));
        Path index = temp.resolve("log/kept-0/00000000000000000000.index");
        Path named = Files.move(index, inPersianDigits(index));

        EmbeddedStartException refused =
                catchThrowableOfType(EmbeddedStartException.class, () -> EmbeddedBroker.start(temp, 0));

        assertThat(refused).hasMessageContaining(other.toString()).hasMessageContaining("another locale");
        assertThat(refused.reason()).isEqualTo(Reason.DIRECTORY_UNUSABLE);
        assertThat(named).exists();
    }

    @Test
    void S_F1_a_locale_in_which_Kafka_would_misname_its_files_is_refused() {
        Locale before = Locale.getDefault();
        Locale.setDefault(Locale.forLanguageTag("fa-IR"));
        try {
            assertThatThrownBy(() -> EmbeddedBroker.start(temp, 0)).hasMessageContaining("Locale.ROOT");
        } finally {
            Locale.setDefault(before);
        }
    }

    private List<Path> logFiles() throws IOException {
        try (Stream<Path> files = Files.walk(temp.resolve("log"))) {
            return files.filter(file -> file.getFileName().toString().matches("[0-9]{20}.*"))
                    .toList();
        }
    }

    private static Path inPersianDigits(Path file) {
        String name = file.getFileName().toString();
        for (char digit = '0'; digit <= '9'; digit++) {
            name = name.replace(digit, (char) (digit - '0' + '\u06F0'));
        }
        return file.resolveSibling(name);
    }

    @Test
    void exactly_once_a_reader_sees_what_was_committed_and_nothing_that_was_aborted() throws Exception {
        try (EmbeddedBroker broker = EmbeddedBroker.start(temp, 0)) {
            Clients.createTopic(broker.bootstrapServers(), "tx", Map.of());
            try (KafkaProducer<String, byte[]> producer =
                    Clients.producer(broker.bootstrapServers(), Map.of("transactional.id", "t1"))) {
                producer.initTransactions();
                producer.beginTransaction();
                producer.send(record("tx", "aborted"));
                producer.flush();
                producer.abortTransaction();
                producer.beginTransaction();
                producer.send(record("tx", "committed"));
                producer.commitTransaction();
            }

            assertThat(values(Clients.readAll(broker.bootstrapServers(), "tx"))).containsExactly("committed");
        }
    }

    /** The end of a transaction on many partitions takes longer than the 100 ms that brokers wait for it by default. */
    @Test
    void S_F18_a_transaction_that_begins_while_the_one_before_it_ends_is_sent_once() throws Exception {
        int partitions = 60;
        try (EmbeddedBroker broker = EmbeddedBroker.start(temp, 0)) {
            Clients.createTopic(broker.bootstrapServers(), "wide", partitions, Map.of());
            try (KafkaProducer<String, byte[]> producer =
                    Clients.producer(broker.bootstrapServers(), Map.of("transactional.id", "t1", "linger.ms", 0))) {
                producer.initTransactions();
                for (int transaction = 0; transaction < 3; transaction++) {
                    producer.beginTransaction();
                    for (int record = 0; record < 2 * partitions; record++) {
                        producer.send(new ProducerRecord<>("wide", record % partitions, null, new byte[100]));
                    }
                    producer.commitTransaction();
                }

                assertThat(Clients.total(producer, "record-retry-total")).isZero();
            }
        }
    }

    @Test
    void a_record_of_ten_megabytes_is_taken() throws Exception {
        try (EmbeddedBroker broker = EmbeddedBroker.start(temp, 0)) {
            Clients.createTopic(broker.bootstrapServers(), "large", Map.of());
            byte[] large = new byte[10 << 20];
            large[large.length - 1] = 7;
            try (KafkaProducer<String, byte[]> producer = Clients.producer(
                    broker.bootstrapServers(), Map.of("max.request.size", 12 << 20, "buffer.memory", 32L << 20))) {
                producer.send(new ProducerRecord<>("large", large)).get();
            }

            assertThat(Clients.readAll(broker.bootstrapServers(), "large"))
                    .singleElement()
                    .satisfies(found -> assertThat(found.value()).isEqualTo(large));
        }
    }

    @Test
    void a_topic_nobody_made_does_not_come_by_being_asked_for() throws Exception {
        try (EmbeddedBroker broker = EmbeddedBroker.start(temp, 0);
                KafkaProducer<String, byte[]> producer =
                        Clients.producer(broker.bootstrapServers(), Map.of("max.block.ms", 1000))) {
            assertThatThrownBy(() -> producer.send(record("typo", "x")).get()).hasMessageContaining("typo");
            try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
                assertThat(admin.listTopics().names().get()).isEmpty();
            }
        }
    }

    @Test
    void it_listens_on_loopback_only() throws Exception {
        List<InetAddress> others = NetworkInterface.networkInterfaces()
                .flatMap(NetworkInterface::inetAddresses)
                .filter(address -> !address.isLoopbackAddress() && !address.isLinkLocalAddress())
                .toList();
        try (EmbeddedBroker broker = EmbeddedBroker.start(temp, 0)) {
            assertThat(connects(InetAddress.getByName("127.0.0.1"), broker.port()))
                    .isTrue();
            assertThat(others).allSatisfy(address -> assertThat(connects(address, broker.port()))
                    .isFalse());
        }
    }

    @Test
    void settings_of_the_caller_win() throws Exception {
        try (EmbeddedBroker broker = EmbeddedBroker.start(temp, 0, Map.of("message.max.bytes", "1000"))) {
            Clients.createTopic(broker.bootstrapServers(), "small", Map.of());
            try (KafkaProducer<String, byte[]> producer = Clients.producer(broker.bootstrapServers(), Map.of())) {
                assertThatThrownBy(() ->
                                producer.send(record("small", "x".repeat(2000))).get())
                        .hasMessageContaining("larger");
            }
        }
    }

    @Test
    void a_port_in_use_is_said_and_the_directory_is_free_again() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            EmbeddedStartException refusal = refusal(temp.resolve("new"), taken.getLocalPort());

            assertThat(refusal.reason()).isEqualTo(Reason.PORT_IN_USE);
            assertOneLineNaming(refusal, Integer.toString(taken.getLocalPort()));
        }
        EmbeddedBroker.start(temp.resolve("new"), 0).close();
    }

    @Test
    void a_second_start_on_the_same_directory_is_refused_and_does_not_disturb_the_first() throws Exception {
        try (EmbeddedBroker first = EmbeddedBroker.start(temp, 0)) {
            EmbeddedStartException refusal = refusal(temp, 0);

            assertThat(refusal.reason()).isEqualTo(Reason.DIRECTORY_IN_USE);
            assertOneLineNaming(refusal, temp.toString());
            Clients.createTopic(first.bootstrapServers(), "still-there", Map.of());
        }
    }

    @Test
    void a_directory_that_cannot_be_written_is_said() throws Exception {
        Path file = Files.writeString(temp.resolve("file"), "x");

        // /proc refuses root too.
        for (Path unusable : List.of(file, file.resolve("below"), Path.of("/proc/keepup"))) {
            EmbeddedStartException refusal = refusal(unusable, 0);
            assertThat(refusal.reason()).isEqualTo(Reason.DIRECTORY_UNUSABLE);
            assertOneLineNaming(refusal, unusable.toString());
        }
    }

    @Test
    void a_directory_of_another_version_is_refused_and_not_touched() throws Exception {
        Files.writeString(temp.resolve("VERSION"), "keepup-broker 99\n");

        EmbeddedStartException refusal = refusal(temp, 0);

        assertThat(refusal.reason()).isEqualTo(Reason.OTHER_VERSION);
        assertOneLineNaming(refusal, "keepup-broker 99", "keepup-broker 1", temp.toString());
        assertThat(temp.resolve("log")).doesNotExist();
    }

    @Test
    void S_F7_a_broker_whose_first_start_found_the_disk_full_starts_when_there_is_room() throws Exception {
        Path small = Files.createDirectory(temp.resolve("small"));
        assumeTrue(
                run("mount", "-t", "tmpfs", "-o", "size=8k", "tmpfs", small.toString()),
                "no right to mount a small file system here");
        try {
            // room for VERSION and Kafka's bootstrap.checkpoint, none for its meta.properties
            EmbeddedStartException refusal = refusal(small.resolve("broker"), 0);
            assertThat(refusal.reason()).isEqualTo(Reason.FAILED);
            assertOneLineNaming(refusal, "meta.properties was written empty", small.toString());
            assertThat(run("mount", "-o", "remount,size=200m", small.toString()))
                    .isTrue();
            EmbeddedBroker.start(small.resolve("broker"), 0).close();
        } finally {
            assertThat(run("umount", small.toString())).isTrue();
        }
    }

    @Test
    void a_directory_with_somebody_elses_files_is_refused_and_not_touched() throws Exception {
        Files.writeString(temp.resolve("letter.txt"), "dear");

        EmbeddedStartException refusal = refusal(temp, 0);

        assertThat(refusal.reason()).isEqualTo(Reason.OTHER_VERSION);
        assertOneLineNaming(refusal, temp.toString());
        assertThat(temp.resolve("log")).doesNotExist();
        assertThat(temp.resolve("VERSION")).doesNotExist();
    }

    @Test
    void a_damaged_directory_is_said_and_nothing_is_left_running() throws Exception {
        EmbeddedBroker.start(temp, 0).close();
        Path properties = temp.resolve("log/meta.properties");
        String whole = Files.readString(properties);
        Files.writeString(properties, "garbage");

        EmbeddedStartException refusal = refusal(temp, 0);

        assertThat(refusal.reason()).isEqualTo(Reason.FAILED);
        assertOneLineNaming(refusal, temp.toString());
        Files.writeString(properties, whole);
        EmbeddedBroker.start(temp, 0).close();
    }

    @Test
    void a_start_that_fails_half_way_is_said_and_nothing_is_left_running() throws Exception {
        EmbeddedStartException refusal = catchThrowableOfType(EmbeddedStartException.class, () -> EmbeddedBroker.start(
                        temp, 0, Map.of("authorizer.class.name", "no.such.Authorizer"))
                .close());

        assertThat(refusal.reason()).isEqualTo(Reason.FAILED);
        assertOneLineNaming(refusal, temp.toString(), "no.such.Authorizer");
        EmbeddedBroker.start(temp, 0).close();
    }

    @Test
    void closing_twice_is_closing_once_and_the_port_is_free() throws Exception {
        EmbeddedBroker broker = EmbeddedBroker.start(temp, 0);
        int port = broker.port();
        broker.close();

        try (EmbeddedBroker next = EmbeddedBroker.start(temp, port)) {
            broker.close();
            assertThat(refusal(temp, 0).reason()).isEqualTo(Reason.DIRECTORY_IN_USE);
            assertThat(next.port()).isEqualTo(port);
        }
    }

    @Test
    void a_broker_that_loses_its_disk_tells_its_owner_instead_of_ending_the_jvm() throws Exception {
        try (EmbeddedBroker broker = EmbeddedBroker.start(temp, 0)) {
            Path logs = temp.resolve("log");
            delete(logs);
            Files.writeString(logs, "no directory any more");
            try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
                admin.createTopics(List.of(new org.apache.kafka.clients.admin.NewTopic("doomed", 1, (short) 1)));
                Awaitility.await()
                        .atMost(Duration.ofSeconds(20))
                        .until(() -> broker.failure().toCompletableFuture().isDone());
            }
        }
    }

    @Test
    void kafka_ends_no_jvm_while_a_broker_runs() throws Exception {
        try (EmbeddedBroker broker = EmbeddedBroker.start(temp, 0)) {
            assertThatThrownBy(() -> Exit.halt(3, "disk gone")).hasMessageContaining("disk gone");
            assertThat(broker.failure().toCompletableFuture()).isCompleted();
        }
    }

    private static boolean run(String... command) throws Exception {
        Process process = new ProcessBuilder(command).inheritIO().start();
        return process.waitFor(20, TimeUnit.SECONDS) && process.exitValue() == 0;
    }

    private static EmbeddedStartException refusal(Path directory, int port) {
        EmbeddedStartException refusal =
                catchThrowableOfType(EmbeddedStartException.class, () -> EmbeddedBroker.start(directory, port)
                        .close());
        assertThat(refusal).as("start on %s, port %d", directory, port).isNotNull();
        return refusal;
    }

    private static void assertOneLineNaming(EmbeddedStartException refusal, String... parts) {
        assertThat(refusal.getMessage()).doesNotContain("\n").contains(parts);
    }

    private static boolean connects(InetAddress address, int port) {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(address, port), 1000);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private static void delete(Path directory) throws IOException {
        try (Stream<Path> entries = Files.walk(directory)) {
            for (Path entry : entries.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(entry);
            }
        }
    }

    private static ProducerRecord<String, byte[]> record(String topic, String value) {
        return new ProducerRecord<>(topic, value.getBytes(UTF_8));
    }

    private static List<String> values(List<ConsumerRecord<String, byte[]>> records) {
        return records.stream().map(found -> new String(found.value(), UTF_8)).toList();
    }
}
