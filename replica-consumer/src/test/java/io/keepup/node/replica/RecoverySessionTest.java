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
import io.keepup.v1.SessionCause;
import io.keepup.v1.SessionCompleted;
import io.keepup.v1.SessionFailed;
import io.keepup.v1.SessionKind;
import io.keepup.v1.SessionPhase;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Map;
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

@Timeout(20)
class RecoverySessionTest {

    /** Says the name of the record's type: all that is asked of it here. */
    private static final RecordCodec NAMES = new RecordCodec() {
        @Override
        public byte[] encode(String topic, SpecificRecord value) {
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

    private RecoverySession session(Supplier<RecoverySession.Outcome> work) {
        NodeSettings settings =
                new NodeSettings("vs-1", Path.of("unused"), "unused:1", "http://unused", "127.0.0.1:0", Map.of());
        Clock clock = Clock.systemUTC();
        RecoveryLimits limits = new RecoveryLimits(clock, settings.recoveryLimits());
        Tasks tasks = new ThreadTasks();
        NodeEvents events = new NodeEvents("vs-1", clock, new EventPublisher(broker, NAMES, metrics, tasks));
        NodeContext context = new NodeContext(settings, clock, tasks, null, null, null, NAMES, events, metrics, limits);
        SessionRef ref = new SessionRef("v", "vs-p", 1, 7, SessionKind.catchup);
        return new RecoverySession(
                context,
                null,
                ref,
                SessionCause.behind,
                Instant.now().plusSeconds(60),
                null,
                (s, o) -> ends.add(o.isPresent())) {
            @Override
            protected Outcome recover() {
                return work.get();
            }

            @Override
            protected Position position() {
                return new Position(SessionPhase.running, 0, 0, 0, 0, 0, 0);
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
