package io.keepup.node.replica;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.keepup.node.NodeContext;
import io.keepup.node.NodeMetrics;
import io.keepup.node.NodeSettings;
import io.keepup.node.RecoveryLimits;
import io.keepup.node.event.EventPublisher;
import io.keepup.node.event.NodeEvents;
import io.keepup.node.event.NodeEvents.Position;
import io.keepup.node.event.NodeEvents.Result;
import io.keepup.node.event.NodeEvents.SessionRef;
import io.keepup.node.world.Tasks;
import io.keepup.node.world.ThreadTasks;
import io.keepup.schemas.codec.RecordCodec;
import io.keepup.v1.FailureReason;
import io.keepup.v1.SessionCause;
import io.keepup.v1.SessionCompleted;
import io.keepup.v1.SessionFailed;
import io.keepup.v1.SessionKind;
import io.keepup.v1.SessionPhase;
import io.keepup.v1.SessionProgress;
import io.keepup.v1.WaitingFor;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(20)
class RecoverySessionTest {

    private final List<SessionProgress> progress = new CopyOnWriteArrayList<>();

    /** Says the name of the record's type: all that is asked of it here. */
    private final RecordCodec names = new RecordCodec() {
        @Override
        public byte[] encode(String topic, SpecificRecord value) {
            if (value instanceof SessionProgress report) {
                progress.add(report);
            } else {
                ended.add(value);
            }
            return value.getSchema().getName().getBytes(StandardCharsets.UTF_8);
        }

        @Override
        public SpecificRecord decode(ByteBuffer bytes) {
            throw new UnsupportedOperationException();
        }
    };

    private final AtomicInteger refusals = new AtomicInteger();
    private final List<String> said = new CopyOnWriteArrayList<>();
    private final List<Boolean> ends = new CopyOnWriteArrayList<>();
    private final MockProducer<byte[], byte[]> broker =
            new MockProducer<>(true, null, new ByteArraySerializer(), new ByteArraySerializer()) {
                @Override
                public synchronized Future<RecordMetadata> send(
                        ProducerRecord<byte[], byte[]> record, Callback callback) {
                    String name = new String(record.value(), StandardCharsets.UTF_8);
                    if (!name.equals("SessionProgress") && refusals.getAndDecrement() > 0) {
                        throw new TopicAuthorizationException("not now");
                    }
                    said.add(name);
                    return super.send(record, callback);
                }
            };
    private final NodeMetrics metrics = new NodeMetrics();
    private volatile long applied;
    private volatile long received;
    private final List<Object> ended = new CopyOnWriteArrayList<>();

    private RecoverySession session(Supplier<RecoverySession.Outcome> work) {
        return session(work, Clock.systemUTC(), new ThreadTasks());
    }

    private RecoverySession session(Supplier<RecoverySession.Outcome> work, Clock clock, Tasks tasks) {
        NodeSettings settings =
                new NodeSettings("vs-1", Path.of("unused"), "unused:1", "http://unused", "127.0.0.1:0", Map.of());
        RecoveryLimits limits = new RecoveryLimits(tasks::uptimeMs, settings.recoveryLimits());
        NodeEvents events = new NodeEvents("vs-1", 1, clock, new EventPublisher(broker, names, metrics, tasks));
        NodeContext context = new NodeContext(
                settings, 1, clock, tasks, null, null, null, names, events, metrics, limits, new CompletableFuture<>());
        SessionRef ref = new SessionRef("v", "vs-p", 1, 7, SessionKind.catchup);
        return new RecoverySession(context, null, ref, SessionCause.behind, null, (s, o) -> ends.add(o.isPresent())) {
            @Override
            protected Outcome recover() {
                return work.get();
            }

            @Override
            protected Position position() {
                return new Position(SessionPhase.running, applied, applied, 0, 0, 0, received);
            }

            @Override
            protected long goalLsn() {
                return 0;
            }

            @Override
            protected Brought brought() {
                return new Brought(0, 0, 0, 0);
            }

            @Override
            long durableLsn() {
                return 0;
            }
        };
    }

    /** Time that goes on when somebody looks at it, and when somebody waits; for one thread. The clock for people may be set. */
    private static final class OwnTime extends Clock implements Tasks {

        private final Random random;
        private final Runnable meanwhile;
        private Instant now = Instant.ofEpochSecond(1_000);
        private Duration off = Duration.ZERO;

        /** Meanwhile: what another does while somebody waits. */
        OwnTime(long seed, Runnable meanwhile) {
            this.random = new Random(seed);
            this.meanwhile = meanwhile;
        }

        @Override
        public ZoneOffset getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }

        @Override
        public Instant instant() {
            now = now.plusMillis(random.nextInt(4));
            return now.plus(off);
        }

        @Override
        public long uptimeMs() {
            now = now.plusMillis(random.nextInt(4));
            return now.toEpochMilli();
        }

        @Override
        public CompletableFuture<Void> start(String name, Runnable work) {
            throw new UnsupportedOperationException(name);
        }

        @Override
        public boolean await(CompletableFuture<?> done, Duration limit) {
            if (!done.isDone()) {
                now = now.plus(limit);
                meanwhile.run();
            }
            return done.isDone();
        }
    }

    private List<String> terminal() {
        return said.stream().filter(name -> !name.equals("SessionProgress")).toList();
    }

    private long progress() {
        return said.stream().filter(name -> name.equals("SessionProgress")).count();
    }

    @Test
    void what_moves_too_soon_after_a_report_is_told_by_the_next_even_when_nothing_moves_any_more() {
        RecoverySession[] session = new RecoverySession[1];
        session[0] = session(() -> {
            session[0].moved();
            while (progress() < 2) {
                session[0].check();
            }
            return new RecoverySession.Outcome(new Result(9, 9, false), 3);
        });
        session[0].run();
        assertThat(progress()).isEqualTo(2);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void progress_is_told_at_most_twice_a_second_however_often_there_is_cause_and_the_newest_facts_win(long seed) {
        RecoverySession[] session = new RecoverySession[1];
        CompletableFuture<Void> turn = new CompletableFuture<>();
        Random random = new Random(seed);
        OwnTime time = new OwnTime(seed, () -> {
            if (random.nextInt(3) == 0) {
                session[0].tell(); // its command came again
            }
            if (random.nextInt(60) == 0) {
                turn.complete(null);
            }
        });
        CompletableFuture<Void> never = new CompletableFuture<>();
        session[0] = session(
                () -> {
                    session[0].awaitTurn(turn, WaitingFor.rebuild_slot);
                    while (applied < 500) {
                        applied++;
                        session[0].moved();
                        time.await(never, Duration.ofMillis(random.nextInt(100)));
                        session[0].check();
                    }
                    long told = progress();
                    while (progress() == told) {
                        session[0].check();
                    }
                    return new RecoverySession.Outcome(new Result(9, 9, false), 3);
                },
                time,
                time);

        session[0].run();

        assertThat(turn).isDone();
        assertThat(progress).hasSizeGreaterThan(20);
        for (int i = 2; i < progress.size(); i++) {
            assertThat(Duration.between(at(i - 2), at(i)))
                    .as("between report %d and the second after it", i - 2)
                    .isGreaterThanOrEqualTo(Duration.ofSeconds(1));
        }
        assertThat(progress)
                .filteredOn(p -> p.getPace().getWaitingFor() == WaitingFor.rebuild_slot)
                .isNotEmpty();
        SessionProgress last = progress.getLast();
        assertThat(last.getWalAppliedLsn()).isEqualTo(500);
        assertThat(last.getPace().getWaitingFor()).isNull();
        assertThat(terminal()).containsExactly(SessionCompleted.class.getSimpleName());
    }

    @Test
    void a_session_that_waits_says_so_now_and_then_and_no_oftener() {
        CompletableFuture<Void> turn = new CompletableFuture<>();
        AtomicInteger looks = new AtomicInteger();
        OwnTime time = new OwnTime(1, () -> {
            if (looks.incrementAndGet() == 150) { // after 30 s
                turn.complete(null);
            }
        });
        RecoverySession[] session = new RecoverySession[1];
        session[0] = session(
                () -> {
                    session[0].awaitTurn(turn, WaitingFor.rebuild_slot);
                    return new RecoverySession.Outcome(new Result(9, 9, false), 3);
                },
                time,
                time);
        session[0].run();
        assertThat(progress).hasSizeBetween(6, 9);
        assertThat(progress.get(0).getPace().getWaitingFor()).isNull();
        assertThat(progress.get(1).getPace().getWaitingFor()).isEqualTo(WaitingFor.rebuild_slot);
    }

    @Test
    void S_F14_a_clock_that_is_set_by_hours_ends_no_session_and_is_not_seen_in_how_long_it_took() {
        Random random = new Random(7);
        OwnTime time = new OwnTime(7, () -> {});
        CompletableFuture<Void> never = new CompletableFuture<>();
        RecoverySession[] session = new RecoverySession[1];
        session[0] = session(
                () -> {
                    while (applied < 300) {
                        applied++;
                        session[0].moved();
                        time.await(never, Duration.ofSeconds(10)); // an hour is nothing to a session that gets on
                        time.off = Duration.ofHours(random.nextInt(9) - 4);
                        session[0].check();
                    }
                    return new RecoverySession.Outcome(new Result(9, 9, false), 3);
                },
                time,
                time);

        session[0].run();

        assertThat(ended).singleElement().isInstanceOfSatisfying(SessionCompleted.class, e -> assertThat(
                        e.getDurationMs())
                .isBetween(3_000_000L, 3_010_000L));
        for (SessionProgress report : progress) {
            Long left = report.getPace().getSecondsLeft();
            assertThat(left == null || left >= 0).isTrue();
            assertThat(report.getPace().getBytesPerSecond()).isNotNegative();
        }
    }

    @Test
    void S_F14_one_that_receives_and_gets_no_nearer_to_its_end_is_over_after_its_budget() {
        OwnTime time = new OwnTime(7, () -> {});
        CompletableFuture<Void> never = new CompletableFuture<>();
        RecoverySession[] session = new RecoverySession[1];
        session[0] = session(
                () -> {
                    while (true) {
                        received += 1_000;
                        session[0].moved();
                        time.await(never, Duration.ofSeconds(10));
                        session[0].check();
                    }
                },
                time,
                time);

        session[0].run();

        assertThat(ended).singleElement().isInstanceOfSatisfying(SessionFailed.class, e -> {
            assertThat(e.getReason()).isEqualTo(FailureReason.deadline_exceeded);
            assertThat(e.getDurationMs()).isBetween(600_000L, 630_000L);
        });
    }

    private Instant at(int report) {
        return progress.get(report).getMeta().getOccurredAt();
    }

    @Test
    void an_end_that_the_broker_refuses_for_a_while_is_said_when_it_no_longer_does_and_said_once() {
        refusals.set(1);
        session(() -> new RecoverySession.Outcome(new Result(9, 9, false), 3)).run();
        assertThat(terminal()).containsExactly(SessionCompleted.class.getSimpleName());
        assertThat(ends).containsExactly(true);
    }

    @Test
    void a_failure_that_the_broker_refuses_for_a_while_is_said_too() {
        refusals.set(1);
        session(() -> {
                    throw new IllegalStateException("gone");
                })
                .run();
        assertThat(terminal()).containsExactly(SessionFailed.class.getSimpleName());
        assertThat(ends).containsExactly(false);
    }

    @Test
    void a_node_that_closes_waits_for_no_broker() {
        refusals.set(Integer.MAX_VALUE);
        RecoverySession session = session(() -> {
            throw new IllegalStateException("gone");
        });
        Thread.ofPlatform().daemon(true).start(session);
        await().until(() -> refusals.get() < Integer.MAX_VALUE);
        session.abandon();
        session.awaitEnd();
        assertThat(terminal()).isEmpty();
        assertThat(ends).isEmpty();
    }
}
