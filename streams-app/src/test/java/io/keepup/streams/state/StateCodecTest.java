package io.keepup.streams.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keepup.engine.Engine;
import io.keepup.engine.Fold;
import io.keepup.engine.Policy;
import io.keepup.engine.Step;
import io.keepup.engine.state.FailureStreak;
import io.keepup.engine.state.NodeCondition;
import io.keepup.engine.state.RecentEvents;
import io.keepup.engine.state.ReplicaView;
import io.keepup.engine.state.Session;
import io.keepup.engine.state.View;
import io.keepup.engine.state.VolumeState;
import io.keepup.streams.Events;
import io.keepup.streams.RandomHistory;
import io.keepup.v1.FailureReason;
import io.keepup.v1.SessionKind;
import io.keepup.v1.state.StoredVolume;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.specific.SpecificDatumReader;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.Test;

class StateCodecTest {

    private static final int HISTORIES = 200;
    private static final int EVENTS = 120;

    private final StateCodec codec = new StateCodec();

    @Test
    void every_state_of_random_histories_survives_the_round_trip_and_encodes_to_the_same_bytes() {
        long withSessions = 0;
        for (long seed = 0; seed < HISTORIES; seed++) {
            RandomHistory history = new RandomHistory("vol-1", seed);
            for (int i = 0; i < EVENTS; i++) {
                history.next();
                byte[] bytes = codec.encode(history.state());
                VolumeState decoded = codec.decode(bytes);
                assertThat(decoded).as("seed %d event %d", seed, i).isEqualTo(history.state());
                assertThat(codec.encode(decoded)).isEqualTo(bytes);
            }
            withSessions += history.state().lastSessionId() > 0 ? 1 : 0;
        }
        assertThat(withSessions).as("histories in which a session was issued").isGreaterThan(HISTORIES * 3 / 4);
    }

    @Test
    void the_current_version_is_frozen_as_it_is_written() {
        assertThat(StateCodec.frozen(StateCodec.CURRENT))
                .as("state.avdl changed: that is a new version, with its own frozen schema")
                .isEqualTo(StoredVolume.SCHEMA$);
    }

    /** The bytes were written by the build that had version 1, from these very events. */
    @Test
    void bytes_of_version_1_are_read() throws IOException {
        VolumeState read = codec.decode(written("volume-state-1.b64"));

        assertThat(read).isEqualTo(asKept(folded(early(new Events("vol-1"))), false));
        assertThat(codec.decode(codec.encode(read))).isEqualTo(read);
    }

    /** The bytes were written by the build that had version 2, from these very events. */
    @Test
    void bytes_of_version_2_are_read_and_when_a_session_was_issued_is_not_known_then() throws IOException {
        Events e = new Events("vol-1");
        List<SpecificRecord> log = new ArrayList<>(early(e));
        log.add(e.rebuildWish("vs-3", 3));

        VolumeState read = codec.decode(written("volume-state-2.b64"));

        assertThat(read).isEqualTo(asKept(folded(log), false));
        assertThat(codec.decode(codec.encode(read))).isEqualTo(read);
    }

    /** The bytes were written by the build that had version 3, from these very events. */
    @Test
    void bytes_of_version_3_are_read_and_no_fault_nor_size_was_reported_then() throws IOException {
        Events e = new Events("vol-1");
        List<SpecificRecord> log = new ArrayList<>(early(e));
        log.add(e.rebuildWish("vs-3", 3));
        log.add(e.silence(3, 8));

        VolumeState read = codec.decode(written("volume-state-3.b64"));

        assertThat(read).isEqualTo(asKept(folded(log), true));
        assertThat(read.sizeSettled()).isTrue();
        assertThat(read.views()).extracting(View::condition).containsOnly(NodeCondition.UNKNOWN);
        assertThat(codec.decode(codec.encode(read))).isEqualTo(read);
    }

    @Test
    void S_F10_of_a_volume_that_was_assigned_and_no_more_before_version_4_the_size_may_change() throws IOException {
        VolumeState read = codec.decode(written("volume-state-3-assigned.b64"));

        assertThat(read).isEqualTo(folded("vol-2", List.of(new Events("vol-2").primary(3, "vs-2"))));
        assertThat(read.sizeSettled()).isFalse();
    }

    @Test
    void the_engine_that_folded_last_stands_in_the_bytes() throws IOException {
        byte[] bytes = codec.encode(folded(early(new Events("vol-1"))));
        BinaryDecoder decoder = DecoderFactory.get().binaryDecoder(bytes, 1, bytes.length - 1, null);

        StoredVolume stored = new SpecificDatumReader<>(StoredVolume.class).read(null, decoder);

        assertThat(stored.getEngineVersion()).isEqualTo(Engine.VERSION).isPositive();
    }

    private static List<SpecificRecord> early(Events e) {
        return List.of(
                e.primary(3, "vs-2", "vs-3"),
                e.replica("vs-2", 3),
                e.primaryReady(3),
                e.ack("vs-2", 3, 7, 40, 10, 100),
                e.progress("vs-2", 3, 1, SessionKind.catchup, 60),
                e.ack("vs-3", 3, 8, 5, 10, 120),
                e.failed("vs-3", 3, 2, SessionKind.rebuild, FailureReason.pin_lost),
                e.barrier(3, 90));
    }

    private static VolumeState folded(List<SpecificRecord> log) {
        return folded("vol-1", log);
    }

    private static VolumeState folded(String volumeId, List<SpecificRecord> log) {
        Fold fold = new Fold(Policy.safe());
        VolumeState state = VolumeState.initial(volumeId);
        for (SpecificRecord event : log) {
            state = ((Step) fold.apply(state, RandomHistory.event(event))).state();
        }
        return state;
    }

    /** The same as versions kept it that had no such fields; version 3 had the time at which a session was issued. */
    private static VolumeState asKept(VolumeState state, boolean issuedAt) {
        VolumeState next = state;
        for (View view : state.views()) {
            View known = view;
            for (ReplicaView replica : view.replicas()) {
                known = known.withReplica(new ReplicaView(
                        replica.endpoint(),
                        replica.lastSyncAck(),
                        replica.lastSyncId(),
                        asKept(replica.session(), issuedAt),
                        FailureStreak.NONE,
                        RecentEvents.NONE));
            }
            next = next.withView(known);
        }
        return next;
    }

    private static Session asKept(Session s, boolean issuedAt) {
        return new Session(
                s.id(),
                s.kind(),
                s.state(),
                s.cause(),
                s.startLsn(),
                s.targetLsn(),
                s.pinLsn(),
                s.progress(),
                s.walAppliedLsn(),
                s.baseBlocksDone(),
                s.baseBlocksTotal(),
                s.bytes(),
                s.failure(),
                0,
                0,
                issuedAt ? s.issuedAt() : 0,
                s.pace());
    }

    private static byte[] written(String resource) throws IOException {
        try (InputStream in = StateCodecTest.class.getResourceAsStream(resource)) {
            return Base64.getMimeDecoder().decode(in.readAllBytes());
        }
    }

    @Test
    void bytes_of_a_later_version_and_damaged_bytes_are_refused() {
        byte[] bytes = codec.encode(new RandomHistory("vol-1", 7).state());
        byte[] later = bytes.clone();
        later[0] = StateCodec.CURRENT + 1;
        assertThatThrownBy(() -> codec.decode(later))
                .isInstanceOf(StateException.class)
                .hasMessageContaining("version %d".formatted(StateCodec.CURRENT + 1));
        assertThatThrownBy(() -> codec.decode(new byte[0])).isInstanceOf(StateException.class);
        assertThatThrownBy(() -> codec.decode(Arrays.copyOf(bytes, bytes.length - 1)))
                .isInstanceOf(StateException.class)
                .hasMessageContaining("changelog");
    }
}
