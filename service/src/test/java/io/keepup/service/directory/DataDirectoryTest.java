package io.keepup.service.directory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.keepup.service.directory.DirectoryException.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DataDirectoryTest {

    private static final String FORMAT = "keepup-test 1";
    private static final String LOCK = "LOCK";

    @TempDir
    Path temp;

    @Test
    void S_F7_a_first_start_on_a_full_disk_leaves_nothing_that_a_start_with_room_refuses() throws Exception {
        Path root = Files.createDirectory(temp.resolve("small"));
        try (SmallFileSystem small = SmallFileSystem.mount(root, "4k")) {
            Path data = Files.createDirectory(root.resolve("data"));
            Files.write(root.resolve("filler"), new byte[4096]);

            DirectoryException refusal = refusal(data);

            assertThat(refusal.reason()).isEqualTo(Reason.UNUSABLE);
            assertThat(refusal)
                    .hasMessage(
                            "cannot use data directory %s: no space left on its file system; free some and start again"
                                    .formatted(data));
            assertThat(names(data)).containsExactly(LOCK);
            small.grow("1m");
            claimAndRelease(data);
        }
    }

    @Test
    void S_F7_a_small_file_that_finds_the_disk_full_leaves_the_one_before_it() throws Exception {
        Path root = Files.createDirectory(temp.resolve("small"));
        try (SmallFileSystem small = SmallFileSystem.mount(root, "12k")) {
            try (DataDirectory data = DataDirectory.claim(root.resolve("data"), FORMAT, LOCK)) {
                data.write("address", "127.0.0.1:1");
                Files.write(root.resolve("filler"), new byte[4096]);
                DirectoryException refusal =
                        catchThrowableOfType(DirectoryException.class, () -> data.write("address", "127.0.0.1:2"));
                assertThat(refusal).hasMessageContaining("no space left");
                assertThat(data.path().resolve("address")).hasContent("127.0.0.1:1\n");
                small.grow("1m");
                data.write("address", "127.0.0.1:2");
                assertThat(data.path().resolve("address")).hasContent("127.0.0.1:2\n");
                assertThat(names(data.path())).containsExactlyInAnyOrder(LOCK, "VERSION", "address");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "\n"})
    void S_F7_an_empty_version_with_nothing_beside_it_counts_as_absent(String content) throws IOException {
        Files.writeString(temp.resolve("VERSION"), content);
        Files.writeString(temp.resolve("VERSION.new"), "keepup-te"); // a power failure came before the rename

        claimAndRelease(temp);

        assertThat(temp.resolve("VERSION")).hasContent(FORMAT + "\n");
    }

    @Test
    void S_F7_an_empty_version_with_data_beside_it_is_refused_with_what_to_do() throws IOException {
        Files.createFile(temp.resolve("VERSION"));
        Files.createDirectory(temp.resolve("notes"));
        Files.createDirectory(temp.resolve("volumes"));

        DirectoryException refusal = refusal(temp);

        assertThat(refusal.reason()).isEqualTo(Reason.OTHER_FORMAT);
        assertThat(refusal)
                .hasMessage(
                        "cannot use data directory %s: its VERSION is empty, yet it holds notes and 1 more; write 'keepup-test 1' into VERSION if that is what it was, or give another directory"
                                .formatted(temp));
        assertThat(temp.resolve("VERSION")).isEmptyFile();
        Files.writeString(temp.resolve("VERSION"), "keepup-test 1"); // as it says
        claimAndRelease(temp);
    }

    @Test
    void S_F8_what_mkfs_leaves_in_a_fresh_file_system_is_no_content() throws IOException {
        Files.createDirectory(temp.resolve("lost+found"));
        claimAndRelease(temp);
        claimAndRelease(temp);
    }

    @Test
    void a_directory_of_another_format_or_of_other_content_is_left_alone() throws IOException {
        Path version = Files.writeString(temp.resolve("VERSION"), "keepup-test 99\nmore\n");
        assertThat(refusal(temp))
                .hasMessageContaining("its format is 'keepup-test 99', this program reads 'keepup-test 1'");
        Files.delete(version);
        Files.writeString(temp.resolve("letter.txt"), "dear");
        assertThat(refusal(temp)).hasMessageContaining("it holds letter.txt and no VERSION");
        assertThat(names(temp)).containsExactlyInAnyOrder("letter.txt", LOCK);
    }

    @Test
    void one_claim_at_a_time_in_this_process_and_among_all() throws IOException {
        DataDirectory first = DataDirectory.claim(temp, FORMAT, LOCK);
        assertThat(refusal(temp).reason()).isEqualTo(Reason.IN_USE);
        assertThat(DataDirectory.isClaimed(temp, LOCK)).isTrue();
        assertThat(lockedForOthers()).as("after a second claim and a look").isTrue();
        first.close();
        assertThat(DataDirectory.isClaimed(temp, LOCK)).isFalse();
        try (DataDirectory next = DataDirectory.claim(temp, FORMAT, LOCK)) {
            first.close();
            assertThat(DataDirectory.isClaimed(next.path(), LOCK)).isTrue();
        }
    }

    /** As the operating system sees it: looking by opening the file would itself give this process's lock up. */
    private boolean lockedForOthers() throws IOException {
        Path locks = Path.of("/proc/locks");
        assumeTrue(Files.exists(locks), "no list of locks here");
        String held = " %d [0-9a-f]+:[0-9a-f]+:%s "
                .formatted(ProcessHandle.current().pid(), Files.getAttribute(temp.resolve(LOCK), "unix:ino"));
        Pattern pattern = Pattern.compile(held);
        return Files.readAllLines(locks).stream()
                .anyMatch(line -> pattern.matcher(line).find());
    }

    private void claimAndRelease(Path directory) {
        DataDirectory.claim(directory, FORMAT, LOCK).close();
    }

    private static DirectoryException refusal(Path directory) {
        DirectoryException refusal =
                catchThrowableOfType(DirectoryException.class, () -> DataDirectory.claim(directory, FORMAT, LOCK)
                        .close());
        assertThat(refusal).isNotNull();
        assertThat(refusal.getMessage()).doesNotContain("\n");
        return refusal;
    }

    private static List<String> names(Path directory) throws IOException {
        try (Stream<Path> entries = Files.list(directory)) {
            return entries.map(entry -> entry.getFileName().toString()).toList();
        }
    }
}
