package io.keepup.node.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keepup.node.event.NodeClosingException;
import io.keepup.v1.ApplyRole;
import io.keepup.v1.Meta;
import io.keepup.v1.Role;
import io.keepup.v1.StartReceiver;
import io.keepup.volume.VolumeException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

class PendingCommandsTest {

    private static final TopicPartition LANE = new TopicPartition("commands", 0);
    private static final long START = 1_000;

    private final Map<String, RuntimeException> trouble = new HashMap<>();
    private final List<String> executed = new ArrayList<>();
    private final List<String> dropped = new ArrayList<>();
    private int failures;
    private final PendingCommands pending = new PendingCommands((partition, offset, command, why, again) -> {
        failures++;
        if (!again) {
            dropped.add(id(command));
        }
    });

    private void add(String volumeId, long offset) {
        Meta meta = new Meta(volumeId + "@" + offset, volumeId, "vs-1", 1L, Instant.EPOCH, "test");
        pending.add(volumeId, LANE, offset, new StartReceiver(meta, 1));
    }

    private void role(String volumeId, long offset, long epoch) {
        Meta meta = new Meta(volumeId + "@" + offset, volumeId, "vs-1", epoch, Instant.EPOCH, "test");
        pending.add(volumeId, LANE, offset, new ApplyRole(meta, Role.replica, 0L, 0, 1));
    }

    private static String id(SpecificRecord command) {
        return command instanceof ApplyRole role
                ? role.getMeta().getEventId()
                : ((StartReceiver) command).getMeta().getEventId();
    }

    private void execute(long now) {
        pending.execute(now, () -> false, command -> {
            RuntimeException why = trouble.get(id(command));
            if (why != null) {
                throw why;
            }
            executed.add(id(command));
        });
    }

    @Test
    void S_F12_a_command_that_fails_again_and_again_is_tried_at_pauses_that_grow_to_half_a_minute() {
        trouble.put("a@1", new VolumeException(VolumeException.Kind.NO_FILE_HANDLES, "too many open files"));
        add("a", 1);
        int tries = 0;
        for (int second = 0; second < 120; second++) {
            int before = failures;
            execute(START + 1_000 * second);
            tries += failures - before;
        }
        assertThat(tries).isBetween(7, 10); // one a second would be 120
        trouble.clear();
        execute(START + 150_000);
        assertThat(executed).containsExactly("a@1");
    }

    @Test
    void a_command_whose_disk_is_away_waits_with_all_behind_it_of_its_volume_and_of_no_other() {
        trouble.put("a@1", new UncheckedIOException(new IOException("no space left")));
        add("a", 1);
        add("b", 2);
        add("a", 3);
        execute(START);
        assertThat(executed).containsExactly("b@2");
        assertThat(pending.oldest()).containsOnly(Map.entry(LANE, 1L));

        trouble.clear();
        execute(START + 1); // not yet
        assertThat(executed).containsExactly("b@2");
        execute(START + 1_000);
        assertThat(executed).containsExactly("b@2", "a@1", "a@3");
        assertThat(pending.oldest()).isEmpty();
        assertThat(dropped).isEmpty();
    }

    @Test
    void a_command_that_can_never_succeed_is_dropped_and_the_next_is_executed() {
        trouble.put("a@1", new VolumeException(VolumeException.Kind.BAD_SPEC, "size 7 is no multiple of 4096"));
        trouble.put("a@2", new IllegalStateException("a bug"));
        add("a", 1);
        add("a", 2);
        add("a", 3);
        execute(START);
        assertThat(dropped).containsExactly("a@1", "a@2");
        assertThat(executed).containsExactly("a@3");
        assertThat(pending.isEmpty()).isTrue();
    }

    @Test
    void S_F10_a_role_that_waits_gives_way_to_a_later_one_with_all_that_was_said_in_between() {
        trouble.put("a@1", new VolumeException(VolumeException.Kind.DISK_FULL, "no space left"));
        role("a", 1, 1);
        add("a", 2);
        execute(START);
        assertThat(executed).isEmpty();

        // tried again it would succeed, but another size was assigned meanwhile, in the same epoch
        trouble.clear();
        role("a", 3, 1);
        execute(START + 1_000);
        assertThat(executed).containsExactly("a@2", "a@3");

        // a later epoch makes whatever waits obsolete
        trouble.put("a@4", new VolumeException(VolumeException.Kind.READ_ONLY, "Read-only file system"));
        add("a", 4);
        execute(START + 2_000);
        role("a", 5, 2);
        execute(START + 3_000);
        assertThat(executed).containsExactly("a@2", "a@3", "a@5");
        assertThat(pending.isEmpty()).isTrue();
    }

    @Test
    void a_command_refused_because_the_node_closes_is_not_done() {
        trouble.put("a@1", new NodeClosingException("closing"));
        add("a", 1);
        assertThatThrownBy(() -> execute(START)).isInstanceOf(NodeClosingException.class);
        assertThat(pending.oldest()).containsOnly(Map.entry(LANE, 1L));
    }
}
