package io.keepup.cli.scenario;

import io.keepup.schemas.codec.CloudEventHeaders;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.ProducerInterceptor;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.header.Header;

/**
 * In every producer of a fold under test: lets it die, or stand still, when it has processed an event and not committed it. The
 * last output of an event is its projection, so that is where it strikes: state and commands are written by then.
 */
public final class FoldFault implements ProducerInterceptor<byte[], byte[]> {

    /** Type of the command after which a process ends at once, as by kill -9; for a fold in a process of its own. */
    static final String HALT_AFTER = "scenario.halt.after";

    private static final long STANDS_AT_MOST_S = 60;

    private static final Object LOCK = new Object();
    private static String victim = "";
    private static boolean dies;
    private static CountDownLatch struck = new CountDownLatch(1);
    private static CountDownLatch released = new CountDownLatch(1);
    private static final List<String> SENT = new ArrayList<>();

    private String haltAfter = "";
    private boolean haltNow;

    /** An error, since Kafka lets nothing else out of an interceptor. */
    private static final class Death extends Error {
        Death(String projection) {
            super("the test lets the fold die before it commits " + projection, null, false, false);
        }
    }

    /** The thread that folds an event dies before it commits. */
    static void dieBeforeCommitOf(String eventId) {
        arm(eventId, true);
    }

    /** The thread that folds an event stands still before it commits, until it is released. */
    static void standBeforeCommitOf(String eventId) {
        arm(eventId, false);
    }

    private static void arm(String eventId, boolean deadly) {
        synchronized (LOCK) {
            victim = "projection/" + eventId;
            dies = deadly;
            struck = new CountDownLatch(1);
            released = new CountDownLatch(1);
            SENT.clear();
        }
    }

    /** Whether it has struck, waiting for it. */
    static boolean awaitStruck() throws InterruptedException {
        CountDownLatch armed;
        synchronized (LOCK) {
            armed = struck;
        }
        return armed.await(VolumeUnderTest.LIMIT.toSeconds(), TimeUnit.SECONDS);
    }

    static void release() {
        synchronized (LOCK) {
            released.countDown();
        }
    }

    /** Types of the outputs of that event that were sent before it struck. */
    static Set<String> sent() {
        synchronized (LOCK) {
            return new TreeSet<>(SENT);
        }
    }

    @Override
    public void configure(Map<String, ?> configs) {
        Object type = configs.get(HALT_AFTER);
        haltAfter = type == null ? "" : type.toString();
    }

    @Override
    public ProducerRecord<byte[], byte[]> onSend(ProducerRecord<byte[], byte[]> record) {
        String type = simple(header(record, CloudEventHeaders.TYPE));
        if (haltNow) {
            Runtime.getRuntime().halt(137);
        }
        haltNow = !type.isEmpty() && type.equals(haltAfter);
        CountDownLatch until;
        synchronized (LOCK) {
            if (victim.isEmpty() || !victim.equals(header(record, CloudEventHeaders.ID))) {
                if (!victim.isEmpty() && !type.isEmpty()) {
                    SENT.add(type);
                }
                return record;
            }
            String projection = victim;
            victim = "";
            struck.countDown();
            if (dies) {
                throw new Death(projection);
            }
            until = released;
        }
        standUntil(until);
        return record;
    }

    private static void standUntil(CountDownLatch until) {
        try {
            if (!until.await(STANDS_AT_MOST_S, TimeUnit.SECONDS)) {
                throw new IllegalStateException("nobody released the fold");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static String header(ProducerRecord<byte[], byte[]> record, String name) {
        Header header = record.headers().lastHeader(name);
        return header == null ? "" : new String(header.value(), StandardCharsets.UTF_8);
    }

    private static String simple(String type) {
        return type.substring(type.lastIndexOf('.') + 1);
    }

    @Override
    public void onAcknowledgement(RecordMetadata metadata, Exception exception) {}

    @Override
    public void close() {}
}
