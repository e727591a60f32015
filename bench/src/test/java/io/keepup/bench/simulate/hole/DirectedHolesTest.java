package io.keepup.bench.simulate.hole;

import static org.assertj.core.api.Assertions.assertThat;

import io.keepup.bench.simulate.hole.Hole.Rule;
import io.keepup.engine.Fold;
import io.keepup.engine.Policy;
import io.keepup.engine.Step;
import io.keepup.engine.message.Event;
import io.keepup.engine.message.Meta;
import io.keepup.engine.message.ReplicaEndpoint;
import io.keepup.engine.message.SyncAck;
import io.keepup.engine.state.ById;
import io.keepup.engine.state.ReplicaView;
import io.keepup.engine.state.Session;
import io.keepup.engine.state.VolumeState;
import io.keepup.engine.word.AckKind;
import io.keepup.engine.word.FailureReason;
import io.keepup.engine.word.Role;
import io.keepup.engine.word.SessionKind;
import io.keepup.volume.BaseBlocks;
import io.keepup.volume.BaseDigest;
import io.keepup.volume.RebuildBounds;
import io.keepup.volume.RebuildSession;
import io.keepup.volume.Volume;
import io.keepup.volume.VolumeException;
import io.keepup.volume.VolumeException.Kind;
import io.keepup.volume.VolumeRole;
import io.keepup.volume.VolumeSpec;
import io.keepup.volume.WalEntry;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BooleanSupplier;
import net.bytebuddy.asm.Advice;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Holes that rules of the protocol close, each shown by the one story it takes, on real volumes and the real fold: what must
 * hold does so with the rule, and no longer when it is switched off.
 */
class DirectedHolesTest {

    @TempDir
    Path tmp;

    private int scenes;

    // ---------------------------------------------------------------- copies

    @Test
    void R1_base_over_applied_WAL_around_a_flush() {
        shows(
                () -> inScene(scene -> {
                    RebuildSession session = scene.start(5);
                    scene.apply(session, 11, 12);
                    scene.replica.flush();
                    scene.finish(session);
                    return scene.equal();
                }),
                new Rule("io.keepup.volume.RebuildBitmap", "set", Nothing.class));
    }

    @Test
    void R7_gap_accepted() {
        shows(
                () -> inScene(scene -> {
                    RebuildSession session = scene.start(5);
                    boolean refused = scene.isRefused(Kind.GAP, () -> scene.apply(session, 12));
                    if (!refused) {
                        scene.finish(session);
                    }
                    return refused || scene.equal();
                }),
                new Rule("io.keepup.volume.WalEntry", "leavesGapAfter", No.class));
    }

    @Test
    void R4_stale_start_accepted() {
        shows(
                () -> inScene(scene -> {
                    RebuildSession session = scene.start(5);
                    scene.apply(session, 11, 12);
                    scene.finish(session);
                    return scene.isRefused(Kind.STALE_SESSION, () -> scene.start(4))
                            && scene.replica.status().recoverable()
                            && scene.equal();
                }),
                new Rule("io.keepup.volume.RebuildControl", "checkFresh", Nothing.class));
    }

    @Test
    void R4_duplicate_start_resets_a_session() {
        shows(
                () -> inScene(scene -> {
                    scene.apply(scene.start(5), 11);
                    RebuildSession again = scene.start(5);
                    if (again.progress().walAppliedLsn() < 11) {
                        return false;
                    }
                    scene.apply(again, 12);
                    scene.finish(again);
                    return scene.equal();
                }),
                new Rule("io.keepup.volume.RebuildControl", "start", ForgetsLatest.class),
                new Rule("io.keepup.volume.RebuildControl", "checkFresh", Nothing.class));
    }

    // ------------------------------------------------------------------ fold

    @Test
    void G4_late_completion_of_an_older_session() {
        shows(
                () -> {
                    Told told = new Told("r1");
                    Session older = told.rebuild("r1");
                    told.say(new Event.SessionFailed(
                            told.meta(), "r1", older.id(), older.kind(), FailureReason.TRANSPORT_LOST));
                    Session newer = told.rebuild("r1");
                    told.say(completed(told, older));
                    return told.session("r1").equals(newer); // unproven, and not taken for in sync
                },
                new Rule("io.keepup.engine.Guard", "isLive", AnyLive.class));
    }

    @Test
    void G3_removed_replica_completing() {
        shows(
                () -> {
                    Told told = new Told("r1", "r2");
                    Session live = told.rebuild("r1");
                    told.say(told.assigned("r2"));
                    told.say(completed(told, live));
                    return !told.replicas().contains("r1");
                },
                new Rule("io.keepup.engine.Assignment", "members", KeepsRemoved.class));
    }

    private static Event completed(Told told, Session session) {
        return new Event.SessionCompleted(
                told.meta(), "r1", session.id(), SessionKind.REBUILD, session.targetLsn(), session.targetLsn(), true);
    }

    private static void shows(BooleanSupplier holds, Rule... rules) {
        assertThat(holds.getAsBoolean()).as("with the rule").isTrue();
        Hole hole = new Hole(rules);
        try {
            assertThat(holds.getAsBoolean()).as("without the rule").isFalse();
        } finally {
            hole.close();
        }
        assertThat(holds.getAsBoolean()).as("with the rule again").isTrue();
    }

    // ---------------------------------------------------------------- scenes

    private interface Play {
        boolean holds(Scene scene);
    }

    private boolean inScene(Play play) {
        try (Scene scene = new Scene(tmp.resolve("scene-" + scenes++))) {
            return play.holds(scene);
        }
    }

    /** A replica that held other data, and a primary that wrote two more entries after its base was read at LSN 10. */
    private static final class Scene implements AutoCloseable {
        private static final int BLOCK = 512;
        private static final int BLOCKS = 64;
        private static final long BASE = 10;
        private static final long HEAD = 12;

        private final Volume primary;
        private final Volume replica;
        private final ByteBuffer base = ByteBuffer.allocate(BLOCKS * BLOCK);

        Scene(Path directory) {
            VolumeSpec spec = new VolumeSpec("vol-a", (long) BLOCKS * BLOCK, BLOCK);
            primary = Volume.create(directory.resolve("primary"), spec);
            primary.assume(1, VolumeRole.PRIMARY);
            for (int i = 0; i < BASE; i++) {
                primary.write(i * 3L, filled(1 + i, 2));
            }
            primary.flush();
            primary.readExtent(0, base);
            base.flip();
            primary.write(3, filled(100, 4));
            primary.write(40, filled(101, 1));
            primary.sync();
            replica = Volume.create(directory.resolve("replica"), spec);
            replica.assume(1, VolumeRole.REPLICA);
            replica.apply(List.of(WalEntry.write(1, 1, 0, BLOCKS, filled(77, BLOCKS))));
        }

        private static ByteBuffer filled(int with, int blocks) {
            byte[] bytes = new byte[blocks * BLOCK];
            Arrays.fill(bytes, (byte) with);
            return ByteBuffer.wrap(bytes);
        }

        RebuildSession start(long sessionId) {
            return replica.rebuild().start(new RebuildBounds(sessionId, 1, BASE, 1, HEAD, false));
        }

        void apply(RebuildSession session, long... lsns) {
            List<WalEntry> entries = primary.readWal(BASE + 1, 1 << 20).stream()
                    .filter(entry -> Arrays.stream(lsns).anyMatch(lsn -> lsn == entry.lsn()))
                    .toList();
            session.applyWal(session.bounds().sessionId(), 1, entries);
        }

        /** The whole base, its end, and the completion. */
        void finish(RebuildSession session) {
            long id = session.bounds().sessionId();
            BaseBlocks chunk = BaseBlocks.of(id, 1, 0, 0, BLOCKS, true, base.duplicate());
            session.applyBase(chunk);
            BaseDigest digest = new BaseDigest();
            digest.add(chunk.crc32c());
            session.markBaseComplete(id, 1, 1, digest.value(), HEAD);
            assertThat(session.tryComplete()).isPresent();
        }

        boolean isRefused(Kind kind, Runnable deed) {
            try {
                deed.run();
                return false;
            } catch (VolumeException e) {
                assertThat(e.kind()).isEqualTo(kind);
                return true;
            }
        }

        boolean equal() {
            return Arrays.equals(contents(primary), contents(replica));
        }

        private static byte[] contents(Volume volume) {
            byte[] bytes = new byte[BLOCKS * BLOCK];
            volume.read(0, ByteBuffer.wrap(bytes));
            return bytes;
        }

        @Override
        public void close() {
            primary.close();
            replica.close();
        }
    }

    // --------------------------------------------------------------- stories

    /** A volume with primary p, told event by event; what the guard refuses changes nothing. */
    private static final class Told {
        private final Fold fold = new Fold(Policy.safe());
        private VolumeState state = VolumeState.initial("vol-1");
        private long events;

        Told(String... replicas) {
            say(assigned(replicas));
        }

        void say(Event event) {
            if (fold.apply(state, event) instanceof Step step) {
                state = step.state();
            }
        }

        Meta meta() {
            events++;
            return new Meta("e-" + events, "vol-1", "p", 1, 1_000 * events, "test");
        }

        Event assigned(String... replicas) {
            List<ReplicaEndpoint> endpoints = new ArrayList<>();
            for (String id : replicas) {
                endpoints.add(new ReplicaEndpoint(id, id + ":1", id + ":2"));
            }
            return new Event.AssignmentDelivered(meta(), Role.PRIMARY, endpoints, 0, 0);
        }

        /** The replica answers from below the tail, and is to be rebuilt. */
        Session rebuild(String replicaId) {
            SyncAck below = new SyncAck(3, 3, 3, 1, true, FailureReason.NONE, AckKind.QUORUM, false, 0, 0);
            say(new Event.SyncAckReceived(meta(), replicaId, events, below, 5, 10, 0));
            assertThat(session(replicaId).live()).isTrue();
            return session(replicaId);
        }

        ById<ReplicaView> replicas() {
            return state.primaryView().replicas();
        }

        Session session(String replicaId) {
            return replicas().get(replicaId).session();
        }
    }

    // ------------------------------------------------------------ rules, off

    private static final class No {
        @Advice.OnMethodExit
        static void exit(@Advice.Return(readOnly = false) boolean answer) {
            answer = false;
        }
    }

    private static final class Nothing {
        @Advice.OnMethodEnter(skipOn = Advice.OnNonDefaultValue.class)
        static boolean enter() {
            return true;
        }
    }

    private static final class ForgetsLatest {
        @Advice.OnMethodEnter
        static void enter(@Advice.FieldValue(value = "latest", readOnly = false) RebuildSession latest) {
            latest = null;
        }
    }

    private static final class AnyLive {
        @Advice.OnMethodExit
        static void exit(@Advice.Argument(0) Session session, @Advice.Return(readOnly = false) boolean answer) {
            answer = session.live();
        }
    }

    private static final class KeepsRemoved {
        @Advice.OnMethodEnter
        static void enter(
                @Advice.Argument(value = 0, readOnly = false) ById<ReplicaView> start,
                @Advice.Argument(1) ById<ReplicaView> known) {
            start = known;
        }
    }
}
