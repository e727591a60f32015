package io.keepup.schemas.consumer;

import io.keepup.schemas.topic.RecordBounds;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.kafka.clients.ApiVersions;
import org.apache.kafka.clients.ClientRequest;
import org.apache.kafka.clients.ClientUtils;
import org.apache.kafka.clients.DefaultHostResolver;
import org.apache.kafka.clients.ManualMetadataUpdater;
import org.apache.kafka.clients.NetworkClient;
import org.apache.kafka.clients.NetworkClientUtils;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.internals.ConsumerUtils;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.metrics.Metrics;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.record.internal.ControlRecordType;
import org.apache.kafka.common.record.internal.DefaultRecordBatch;
import org.apache.kafka.common.record.internal.Record;
import org.apache.kafka.common.record.internal.RecordBatch;
import org.apache.kafka.common.requests.FetchRequest;
import org.apache.kafka.common.requests.FetchResponse;
import org.apache.kafka.common.utils.BufferSupplier;
import org.apache.kafka.common.utils.LogContext;
import org.apache.kafka.common.utils.Time;

/**
 * Reads batches as they are on the broker, and their records in pieces, with no more in memory than is given. Slow (a
 * connection, a request and one batch at a time) and made of parts of Kafka's client that are not public: for what its
 * consumer cannot read.
 */
final class BatchReader implements AutoCloseable {

    /** Enough for a step, and little beside a heap: records of one piece, and bytes of their parts. */
    private static final int RECORDS = 100;

    private static final long BYTES = 8 << 20;

    /** A broker gives one batch, whatever its size. */
    private static final int ONE_BATCH = 1;

    private final ConsumerConfig config;
    private final Function<String, RecordBounds> bounds;
    private final Duration limit;
    private final Admin admin;
    private final Metrics metrics = new Metrics();
    private final NetworkClient client;

    /**
     * Records of one partition, from the offset that was asked for.
     *
     * @param next offset of the record after them
     * @param large whether any of them was cut
     */
    record Piece(List<ConsumerRecord<byte[], byte[]>> records, long next, boolean large) {}

    BatchReader(Map<String, Object> consumerConfig, Function<String, RecordBounds> bounds) {
        this.config = new ConsumerConfig(consumerConfig);
        this.bounds = bounds;
        this.limit = Duration.ofMillis(config.getInt(ConsumerConfig.REQUEST_TIMEOUT_MS_CONFIG));
        Map<String, Object> adminConfig = new HashMap<>(consumerConfig);
        adminConfig.keySet().retainAll(AdminClientConfig.configNames());
        this.admin = Admin.create(adminConfig);
        this.client = ClientUtils.createNetworkClient(
                config,
                config.getString(ConsumerConfig.CLIENT_ID_CONFIG),
                metrics,
                "keepup-batch-reader",
                new LogContext(),
                new ApiVersions(),
                Time.SYSTEM,
                1,
                (int) limit.toMillis(),
                null,
                new ManualMetadataUpdater(),
                new DefaultHostResolver(),
                null,
                null);
    }

    /**
     * What the consumer would give next, or less.
     *
     * @throws KafkaException when the partition's leader does not give it
     */
    Piece read(TopicPartition partition, long from) {
        FetchResponseData.PartitionData fetched = fetch(partition, from);
        List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
        AbortedTransactions aborted = new AbortedTransactions(fetched);
        long next = from;
        long bytes = 0;
        boolean large = false;
        for (RecordBatch batch : FetchResponse.recordsOrFail(fetched).batches()) {
            batch.ensureValid();
            if (!aborted.hides(batch) && !batch.isControlBatch()) {
                try (InputStream in = ((DefaultRecordBatch) batch).recordInputStream(BufferSupplier.create())) {
                    BatchRecords all = new BatchRecords(partition, batch, in, bounds.apply(partition.topic()));
                    while (all.hasNext()) {
                        ConsumerRecord<byte[], byte[]> record = all.next(next);
                        if (record == null) {
                            continue; // before the offset that was asked for
                        }
                        next = record.offset() + 1;
                        records.add(record);
                        bytes += all.bytesGiven();
                        large |= CutRecord.of(record.headers()) != null;
                        if (records.size() == RECORDS || bytes >= BYTES) {
                            return new Piece(records, next, large);
                        }
                    }
                } catch (IOException e) {
                    throw new KafkaException(
                            "cannot read the batch at %s/%s: %s".formatted(partition, batch.baseOffset(), e), e);
                }
            }
            next = Math.max(next, batch.nextOffset());
        }
        return new Piece(records, next, large);
    }

    private FetchResponseData.PartitionData fetch(TopicPartition partition, long from) {
        TopicDescription topic = describe(partition.topic());
        Node leader = topic.partitions().get(partition.partition()).leader();
        if (leader == null) {
            throw new KafkaException("%s has no leader".formatted(partition));
        }
        FetchRequest.Builder request = FetchRequest.Builder.forConsumer(
                        ApiKeys.FETCH.latestVersion(),
                        config.getInt(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG),
                        1,
                        Map.of(
                                partition,
                                new FetchRequest.PartitionData(
                                        topic.topicId(),
                                        from,
                                        FetchRequest.INVALID_LOG_START_OFFSET,
                                        ONE_BATCH,
                                        Optional.empty())))
                .isolationLevel(ConsumerUtils.configuredIsolationLevel(config));
        try {
            if (!NetworkClientUtils.awaitReady(client, leader, Time.SYSTEM, limit.toMillis())) {
                throw new KafkaException("%s does not answer within %s".formatted(leader, limit));
            }
            ClientRequest sent = client.newClientRequest(leader.idString(), request, Time.SYSTEM.milliseconds(), true);
            FetchResponse response = (FetchResponse)
                    NetworkClientUtils.sendAndReceive(client, sent, Time.SYSTEM).responseBody();
            FetchResponseData.PartitionData data = response.responseData(
                            Map.of(topic.topicId(), partition.topic()), ApiKeys.FETCH.latestVersion())
                    .get(partition);
            Errors error = data == null ? response.error() : Errors.forCode(data.errorCode());
            if (data == null || error != Errors.NONE) {
                throw new KafkaException("%s is not given out: %s".formatted(partition, error.message()));
            }
            return data;
        } catch (IOException e) {
            throw new KafkaException("%s cannot be read: %s".formatted(partition, e.getMessage()), e);
        }
    }

    private TopicDescription describe(String topic) {
        try {
            return admin.describeTopics(List.of(topic))
                    .topicNameValues()
                    .get(topic)
                    .get(limit.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new KafkaException("cannot ask who leads %s: %s".formatted(topic, e.getMessage()), e);
        } catch (InterruptedException e) {
            throw new InterruptException(e);
        }
    }

    @Override
    public void close() {
        client.close();
        metrics.close();
        admin.close(Duration.ZERO);
    }

    /** Which batches of a fetch belong to transactions that were aborted; asked of each in their order. */
    private static final class AbortedTransactions {

        private final Deque<FetchResponseData.AbortedTransaction> later;
        private final Set<Long> open = new HashSet<>();

        AbortedTransactions(FetchResponseData.PartitionData fetched) {
            later = fetched.abortedTransactions() == null
                    ? new ArrayDeque<>()
                    : fetched.abortedTransactions().stream()
                            .sorted(Comparator.comparingLong(FetchResponseData.AbortedTransaction::firstOffset))
                            .collect(Collectors.toCollection(ArrayDeque::new));
        }

        boolean hides(RecordBatch batch) {
            while (!later.isEmpty() && later.peek().firstOffset() <= batch.lastOffset()) {
                open.add(later.poll().producerId());
            }
            if (batch.isControlBatch() && isAbort(batch)) {
                open.remove(batch.producerId());
            }
            return batch.isTransactional() && open.contains(batch.producerId());
        }

        private static boolean isAbort(RecordBatch batch) {
            Iterator<Record> records = batch.iterator();
            return records.hasNext() && ControlRecordType.parse(records.next().key()) == ControlRecordType.ABORT;
        }
    }
}
