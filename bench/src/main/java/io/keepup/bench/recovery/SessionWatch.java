package io.keepup.bench.recovery;

import io.keepup.schemas.codec.UndecodableException;
import io.keepup.schemas.topic.Topics;
import io.keepup.v1.IssueCatchUp;
import io.keepup.v1.IssueRebuild;
import io.keepup.v1.Meta;
import io.keepup.v1.SessionCompleted;
import io.keepup.v1.SessionFailed;
import io.keepup.v1.SessionKind;
import io.keepup.v1.SessionProgress;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * The next session of one volume, as everybody outside sees it: from the time stamp of the sync that led to the command
 * that issued it, to that of the event that completed it. Looks from now on.
 */
final class SessionWatch implements AutoCloseable {

    private static final Duration POLL = Duration.ofMillis(20);

    /** What is known once it is over. */
    record Session(SessionKind kind, double seconds, SessionCompleted completed) {}

    private final BenchCluster cluster;
    private final String volumeId;
    private final KafkaConsumer<byte[], byte[]> consumer;
    private final CompletableFuture<SessionKind> issued = new CompletableFuture<>();
    private final CompletableFuture<Session> ended = new CompletableFuture<>();
    private final Thread thread;
    private long sessionId;
    private long issuedAtMs;
    private volatile SessionProgress progress;
    private volatile boolean closing;

    SessionWatch(BenchCluster cluster, String volumeId) {
        this.cluster = cluster;
        this.volumeId = volumeId;
        this.consumer = new KafkaConsumer<>(
                Map.of("bootstrap.servers", cluster.bootstrap(), "isolation.level", "read_committed"),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer());
        List<TopicPartition> partitions = List.of(Topics.EVENTS, Topics.COMMANDS_SESSION).stream()
                .flatMap(topic -> consumer.partitionsFor(topic).stream())
                .map(p -> new TopicPartition(p.topic(), p.partition()))
                .toList();
        consumer.assign(partitions);
        consumer.seekToEnd(partitions);
        partitions.forEach(consumer::position);
        this.thread = Thread.ofPlatform().name("bench-watch").daemon(true).start(this::run);
    }

    private void run() {
        try (consumer) {
            while (!closing) {
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
                    take(cluster.codec().decode(record.value()), record.timestamp());
                }
            }
        } catch (RuntimeException | UndecodableException e) {
            issued.completeExceptionally(e);
            ended.completeExceptionally(e);
        }
    }

    private void take(SpecificRecord record, long timeMs) {
        if (!((Meta) record.get(0)).getVolumeId().equals(volumeId)) {
            return;
        }
        switch (record) {
            case IssueRebuild command -> begin(SessionKind.rebuild, command.getSessionId(), timeMs);
            case IssueCatchUp command -> begin(SessionKind.catchup, command.getSessionId(), timeMs);
            case SessionProgress event -> progress = event;
            case SessionCompleted event -> {
                if (event.getSessionId() == sessionId) {
                    ended.complete(new Session(event.getKind(), (timeMs - issuedAtMs) / 1000.0, event));
                }
            }
            case SessionFailed event -> {
                if (event.getSessionId() == sessionId) {
                    ended.completeExceptionally(new IllegalStateException(
                            "the session failed, %s: %s".formatted(event.getReason(), event.getDetail())));
                }
            }
            default -> {
                // says nothing about a session
            }
        }
    }

    private void begin(SessionKind kind, long id, long timeMs) {
        if (sessionId == 0) { // the command goes to both nodes
            sessionId = id;
            issuedAtMs = timeMs;
            issued.complete(kind);
        }
    }

    /** Returns when a session of this kind is issued. */
    void awaitIssued(SessionKind expected) {
        SessionKind kind = join(issued);
        if (kind != expected) {
            throw new IllegalStateException("a %s was issued where a %s is measured".formatted(kind, expected));
        }
    }

    /** @throws IllegalStateException when it failed */
    Session awaitEnd() {
        return join(ended);
    }

    boolean over() {
        return ended.isDone();
    }

    private static <T> T join(CompletableFuture<T> future) {
        try {
            return future.join();
        } catch (CompletionException e) {
            throw new IllegalStateException(e.getCause().getMessage(), e.getCause());
        }
    }

    /** How far it is, in words. */
    String far() {
        SessionProgress now = progress;
        if (now == null) {
            return "the session has not begun";
        }
        String base = now.getBaseBlocksTotal() == 0
                ? ""
                : ", base %s %%".formatted(100 * now.getBaseBlocksDone() / now.getBaseBlocksTotal());
        return String.format(
                Locale.ROOT,
                "%s%s, %s received, WAL at LSN %,d",
                now.getPhase(),
                base,
                Progress.mib(now.getBytes()),
                now.getWalAppliedLsn());
    }

    @Override
    public void close() {
        closing = true;
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
