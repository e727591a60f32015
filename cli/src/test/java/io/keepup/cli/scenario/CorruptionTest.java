package io.keepup.cli.scenario;

import static io.keepup.cli.scenario.VolumeUnderTest.waitFor;
import static org.assertj.core.api.Assertions.assertThat;

import io.keepup.schemas.codec.UndecodableException;
import io.keepup.schemas.topic.Topics;
import io.keepup.v1.BaseChunk;
import io.keepup.v1.BaseEnd;
import io.keepup.v1.BaseManifest;
import io.keepup.v1.FailureReason;
import io.keepup.v1.RebuildRequested;
import io.keepup.v1.SessionCompleted;
import io.keepup.v1.SessionFailed;
import io.keepup.v1.SessionKind;
import io.keepup.v1.WalBatch;
import io.keepup.v1.WalEntry;
import io.keepup.v1.WalEntryKind;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What a session is told is altered on its way: each session of a test meets the next of a list of alterations, fails, and
 * is followed by another one, as the facts then ask for; the last one meets none.
 */
@Timeout(300)
class CorruptionTest {

    private static final long ALTERED_CHUNK = 100;

    @RegisterExtension
    final VolumeUnderTest volume = new VolumeUnderTest(8 << 20);

    private final String p = volume.node("p");
    private final String r = volume.node("r");

    /** Alters the records of the lane for one session after the other; null for "nothing arrives". */
    private void alterForEachSession(String topic, String use, List<UnaryOperator<SpecificRecord>> alterations) {
        Map<String, UnaryOperator<SpecificRecord>> bySession = new LinkedHashMap<>();
        Network.alter(r, topic, (client, record) -> {
            if (!client.contains("-" + use + "-")) {
                return record.value();
            }
            synchronized (bySession) {
                int next = bySession.size();
                UnaryOperator<SpecificRecord> alteration = bySession.computeIfAbsent(
                        client, c -> next < alterations.size() ? alterations.get(next) : UnaryOperator.identity());
                return altered(topic, record, alteration);
            }
        });
    }

    private ByteBuffer altered(
            String topic, ConsumerRecord<byte[], ByteBuffer> record, UnaryOperator<SpecificRecord> alteration) {
        try {
            SpecificRecord before = volume.cluster().codec().decode(record.value());
            SpecificRecord after = alteration.apply(before);
            if (after == null) {
                return null;
            }
            return after == before ? record.value() : ByteBuffer.wrap(volume.encode(topic, after));
        } catch (UndecodableException e) {
            throw new AssertionError(e);
        }
    }

    /** A replica below the tail: whenever it is there and has no session, it is rebuilt. */
    private void aReplicaThatNeedsABase() {
        volume.bootstrap(p, r);
        volume.awaitHealthyAt(volume.fillHalf(p));
        volume.stop(r);
        volume.burst(p, 50);
        volume.trimAll(p);
    }

    private static UnaryOperator<SpecificRecord> chunk(Function<BaseChunk.Builder, BaseChunk.Builder> change) {
        return record -> record instanceof BaseChunk chunk && chunk.getSeq() == ALTERED_CHUNK
                ? change.apply(BaseChunk.newBuilder(chunk)).build()
                : record;
    }

    private static ByteBuffer flipped(ByteBuffer payload) {
        ByteBuffer other = ByteBuffer.allocate(payload.remaining()).put(payload.duplicate());
        other.put(other.capacity() / 2, (byte) (other.get(other.capacity() / 2) ^ 0x10));
        return other.flip();
    }

    @Test
    void S_S2_a_base_chunk_corrupted_on_its_way_fails_the_session_before_anything_is_committed() {
        assertEachFails(List.of(
                chunk(c -> c.setSessionId(c.getSessionId() + 1)),
                chunk(c -> c.setEpoch(c.getEpoch() + 1)),
                chunk(c -> c.setSeq(c.getSeq() + 1)),
                chunk(c -> c.setSeq(1_000_000)),
                chunk(c -> c.setFirstLba(c.getFirstLba() + 1)),
                chunk(c -> c.setCount(c.getCount() - 1)),
                chunk(c -> c.setCrc32c(c.getCrc32c() ^ 1)),
                chunk(c -> c.setLast(true)),
                chunk(c -> c.setPayload(flipped(c.getPayload()))),
                chunk(c -> c.setPayload(null)),
                record -> record instanceof BaseEnd end
                        ? BaseEnd.newBuilder(end).setDigest(end.getDigest() ^ 1).build()
                        : record,
                record -> record instanceof BaseEnd end
                        ? BaseEnd.newBuilder(end).setHeadLsn(0).build()
                        : record));
    }

    @Test
    void S_S3_a_base_that_ends_early_commits_nothing() {
        assertEachFails(List.of(
                // fewer chunks come than are said to have been sent
                record -> record instanceof BaseChunk chunk && chunk.getSeq() > ALTERED_CHUNK ? null : record,
                // and an end that says so few
                record -> {
                    if (record instanceof BaseEnd end) {
                        return BaseEnd.newBuilder(end)
                                .setChunks(ALTERED_CHUNK + 1)
                                .build();
                    }
                    return record instanceof BaseChunk chunk && chunk.getSeq() > ALTERED_CHUNK ? null : record;
                },
                // one that is missing in the middle
                record -> record instanceof BaseChunk chunk && chunk.getSeq() == ALTERED_CHUNK ? null : record,
                // the primary gives up
                record -> record instanceof BaseEnd end
                        ? BaseEnd.newBuilder(end).setChunks(0).build()
                        : record));
    }

    @Test
    void S_S3_a_base_without_an_end_stalls_and_commits_nothing() {
        volume.with("node.session.stall.ms", "3000");
        aReplicaThatNeedsABase();
        alterForEachSession(
                Topics.base(volume.id()),
                "base-" + volume.id(),
                List.of(record -> record instanceof BaseEnd ? null : record));
        volume.start(r);
        awaitFailures(1);
        assertThat(volume.seen().values(SessionFailed.class))
                .extracting(SessionFailed::getReason)
                .containsExactly(FailureReason.progress_stalled);
        assertThenRebuilt(1);
    }

    @Test
    void S_S6_a_base_with_another_boundary_or_of_another_volume_is_refused() {
        assertEachFails(List.of(
                manifest(m -> m.setBaseLsn(m.getBaseLsn() + 3)),
                manifest(m -> m.setBaseLsn(m.getBaseLsn() + 1)),
                manifest(m -> m.setVolumeId("another")),
                manifest(m -> m.setBlocks(m.getBlocks() * 2)),
                manifest(m -> m.setBlockSize(m.getBlockSize() * 2))));
    }

    private static UnaryOperator<SpecificRecord> manifest(Function<BaseManifest.Builder, BaseManifest.Builder> change) {
        return record -> record instanceof BaseManifest manifest
                ? change.apply(BaseManifest.newBuilder(manifest)).build()
                : record;
    }

    private void assertEachFails(List<UnaryOperator<SpecificRecord>> alterations) {
        aReplicaThatNeedsABase();
        alterForEachSession(Topics.base(volume.id()), "base-" + volume.id(), alterations);
        volume.start(r);
        awaitFailures(alterations.size());
        assertThenRebuilt(alterations.size());
        assertThat(volume.seen().values(SessionFailed.class))
                .extracting(SessionFailed::getReason)
                .containsOnly(FailureReason.snapshot_unavailable);
    }

    /** After two failures in a row the next rebuild is held back [P11]: an operator's request lets it through at once. */
    private void awaitFailures(int failures) {
        for (int i = 1; i <= failures; i++) {
            awaitFailure(i);
            if (i % 2 == 0 && i < failures) {
                volume.putEvent(new RebuildRequested(volume.meta(p, 1), r, "the last two failed"));
            }
        }
    }

    private void awaitFailure(int number) {
        volume.awaitWatch(
                "failure " + number,
                w -> volume.seen().values(SessionFailed.class).size() >= number);
    }

    /** After so many failed rebuilds, in none of which anything counted, one succeeds. */
    private void assertThenRebuilt(int failures) {
        volume.awaitCompleted(r, SessionKind.rebuild, failures);
        volume.awaitHealthy();
        assertThat(volume.seen().values(SessionFailed.class)).hasSize(failures);
        assertThat(volume.seen().values(SessionCompleted.class)).hasSize(1);
        assertThat(volume.sessions()).hasSize(failures + 1).allMatch(s -> s.kind() == SessionKind.rebuild);
        // Whatever was heard of the replica between two sessions, it had nothing and said so.
        assertThat(volume.sessions().subList(1, failures + 1))
                .allMatch(s -> s.facts().getReplicaLsn() == 0);
        waitFor("no pin").until(() -> volume.status(p).pins().isEmpty());
        volume.assertEqualCopies(p, r);
    }

    /** @param from first of the alterations: after more failures in a row, the pauses would be long [P11] */
    @ParameterizedTest
    @ValueSource(ints = {0, 3, 6})
    void S_S2_a_WAL_entry_corrupted_on_its_way_fails_the_session_and_is_not_applied(int from) {
        // given a replica that has missed writes
        volume.bootstrap(p, r);
        long before = volume.burst(p, 20);
        volume.awaitHealthyAt(before);
        volume.stop(r);
        long head = volume.burst(p, 100);
        long altered = before + 50;

        List<UnaryOperator<SpecificRecord>> all = List.of(
                entry(altered, e -> e.setEpoch(e.getEpoch() + 1)),
                entry(altered, e -> e.setLsn(e.getLsn() + 1)),
                entry(altered, e -> e.setKind(WalEntryKind.trim)),
                entry(altered, e -> e.setLba(e.getLba() ^ 1)),
                entry(altered, e -> e.setBlocks(e.getBlocks() + 1)),
                entry(altered, e -> e.setCrc32c(e.getCrc32c() ^ 1)),
                entry(altered, e -> e.setPayload(flipped(e.getPayload()))),
                entry(altered, e -> e.setPayload(ByteBuffer.allocate(0))),
                // and one that is missing
                record -> record instanceof WalBatch batch ? without(batch, altered) : record);
        List<UnaryOperator<SpecificRecord>> alterations = all.subList(from, from + 3);
        List<Long> applied = new ArrayList<>();
        alterForEachSession(Topics.wal(volume.id()), "wal-" + volume.id(), alterations);
        volume.start(r);

        // then each session that meets one fails, and what follows the damage is not applied
        for (int i = 1; i <= alterations.size(); i++) {
            awaitFailure(i);
            volume.sessions(r).stream()
                    .limit(i)
                    .forEach(s -> applied.add(s.facts().getReplicaLsn()));
        }
        volume.awaitCompleted(r, SessionKind.catchup, alterations.size());
        assertThat(applied).allMatch(lsn -> lsn >= before && lsn < altered);
        assertThat(volume.seen().values(SessionFailed.class))
                .hasSize(alterations.size())
                .extracting(SessionFailed::getReason)
                .isSubsetOf(FailureReason.transport_lost, FailureReason.pin_lost, FailureReason.epoch_mismatch);
        assertThat(volume.sessions()).allMatch(s -> s.kind() == SessionKind.catchup);
        volume.awaitHealthyAt(head);
        volume.assertEqualCopies(p, r);
    }

    private static UnaryOperator<SpecificRecord> entry(long lsn, Function<WalEntry.Builder, WalEntry.Builder> change) {
        return record -> {
            if (!(record instanceof WalBatch batch)) {
                return record;
            }
            List<WalEntry> entries = batch.getEntries().stream()
                    .map(e -> e.getLsn() == lsn
                            ? change.apply(WalEntry.newBuilder(e)).build()
                            : e)
                    .toList();
            return WalBatch.newBuilder(batch).setEntries(entries).build();
        };
    }

    private static WalBatch without(WalBatch batch, long lsn) {
        List<WalEntry> entries =
                batch.getEntries().stream().filter(e -> e.getLsn() != lsn).toList();
        return entries.isEmpty()
                ? null
                : WalBatch.newBuilder(batch).setEntries(entries).build();
    }
}
