package io.keepup.streams.audit.verify;

import io.keepup.engine.Policy;
import io.keepup.schemas.codec.RecordCodec;
import io.keepup.schemas.topic.Topics;
import io.keepup.streams.audit.AuditLog;
import io.keepup.streams.audit.Cause;
import io.keepup.streams.audit.Extent;
import io.keepup.streams.audit.KeyText;
import io.keepup.streams.audit.Place;
import io.keepup.streams.audit.Progress;
import io.keepup.streams.audit.Replay;
import io.keepup.streams.fold.Output;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * Recomputes every command, projection, session and refusal that follows from the events of a partition, and finds each on its topic,
 * byte for byte [invariant 1]. First it notes what the topics hold, some 34 bytes a record; then it replays the events and
 * strikes off what follows from them. Where something is left over, on either side, the records are looked at again to say
 * how they differ. Used once.
 *
 * <p>Of a compacted topic only what remains can be compared, but the newest record of a key must remain. Of the others all
 * is compared from the first record on that is still there.
 */
public final class Verifier {

    /** Events with differences that are told in detail. */
    private static final int LISTED = 100;

    private final AuditLog log;
    private final Extent extent;
    private final Replay replay;
    private final Reading reading;
    private final Shelves shelves;
    private final Newest newest = new Newest();
    private final Fingerprint print = new Fingerprint();
    private final SortedMap<String, Account> accounts = new TreeMap<>();
    private final List<Conflict> conflicts = new ArrayList<>();
    private long unlisted;

    public Verifier(AuditLog log, RecordCodec codec, Policy policy) {
        this.log = log;
        this.extent = log.extent();
        this.replay = new Replay(codec, policy, extent.partitions());
        this.reading = new Reading(codec);
        this.shelves = new Shelves(extent);
    }

    /**
     * Compares.
     *
     * @throws io.keepup.streams.audit.AuditException when the log cannot be read
     * @throws io.keepup.schemas.registry.RegistryException when a schema cannot be had
     */
    public Verification run(Progress progress) {
        log.outputs(progress, this::note);
        log.events(progress, this::compare);
        withoutEvent(Long.MAX_VALUE);
        Differences differences = new Differences(log, reading, newest);
        List<Difference> told = new ArrayList<>(differences.of(conflicts));
        told.addAll(differences.of(missingNewest()));
        return new Verification(extent, List.copyOf(accounts.values()), told, unlisted);
    }

    // ------------------------------------------------- what the topics hold

    private void note(ConsumerRecord<byte[], byte[]> output) {
        Optional<Cause> cause = Cause.of(output.headers());
        boolean later = cause.isPresent()
                && cause.get().partition() == extent.partition()
                && cause.get().offset() >= extent.end();
        boolean removal = output.value() == null;
        if (Newest.watches(output.topic()) && (later || removal)) {
            newest.overtaken(output);
        } else if (!later) {
            note(output, cause.orElse(new Cause(-1, -1)));
        }
    }

    private void note(ConsumerRecord<byte[], byte[]> output, Cause cause) {
        boolean all = extent.volumeId() == null;
        if (cause.partition() == extent.partition()) {
            Reading.Read read = reading.read(output);
            boolean ours = all || extent.volumeId().equals(read.volumeId());
            Shelf shelf = shelves.of(Place.of(output).partition());
            shelf.stillHas(cause.offset());
            if (ours || reading.concerns(extent, output, read)) {
                shelf.add(found(output, cause.offset(), read, ours));
            }
            return;
        }
        if (!all && cause.partition() >= 0 && output.topic().equals(Topics.REJECTED)) {
            return; // of the volume by its key alone: refused where it lay, on a partition that is not the volume's
        }
        boolean lost = cause.partition() < 0 || cause.partition() >= extent.partitions();
        if (all && !(lost && extent.partition() == 0)) {
            return; // looked at with the partition it names, or with the first one
        }
        Reading.Read read = reading.read(output);
        if (all || extent.volumeId().equals(read.volumeId())) {
            conflict(Conflict.without(found(output, -1, read, true)));
        }
    }

    private Found found(ConsumerRecord<byte[], byte[]> output, long cause, Reading.Read read, boolean ours) {
        print.of(output.key(), read.value(), output.headers());
        return new Found(Place.of(output), cause, print.high(), print.low(), read.version(), ours, false);
    }

    // --------------------------------------------------- what should be there

    private boolean compare(ConsumerRecord<byte[], byte[]> event) {
        withoutEvent(event.offset() - 1);
        String volumeId = KeyText.of(event.key(), event.headers());
        Account account = accounts.computeIfAbsent(volumeId, Account::new);
        account.event();
        List<Output> expected = replay.outputs(replay.next(event)).stream()
                .filter(output -> shelves.know(output.topic()))
                .toList();
        List<Output> absent = new ArrayList<>(0);
        for (Output output : expected) {
            account.tally(output.topic()).expect();
            print.of(output.key(), output.value(), output.headers());
            Found same = takeSame(event.offset(), output);
            if (same == null) {
                absent.add(output);
            } else {
                strikeOff(account, output, same);
            }
        }
        List<Found> left = shelves.takeUpTo(event.offset());
        if (!absent.isEmpty() || !left.isEmpty()) {
            settle(account, event.offset(), expected, absent, left);
        }
        return true;
    }

    private Found takeSame(long cause, Output output) {
        for (Shelf shelf : shelves.homes(output)) {
            Found same = shelf.takeSame(cause, print);
            if (same != null) {
                return same;
            }
        }
        return null;
    }

    private void strikeOff(Account account, Output output, Found found) {
        account.seen(found.version());
        account.tally(output.topic()).equal(found.version());
        newest.seen(output);
    }

    /** What is left on either side after an event: struck off in another order, gone with age, or a conflict. */
    private void settle(Account account, long cause, List<Output> expected, List<Output> absent, List<Found> left) {
        List<Output> missing = new ArrayList<>();
        for (Output output : absent) {
            print.of(output.key(), output.value(), output.headers());
            Optional<Found> same = left.stream()
                    .filter(f -> !f.late() && f.same(print) && isHome(output, f))
                    .findFirst();
            if (same.isPresent()) {
                left.remove(same.get());
                strikeOff(account, output, same.get());
            } else {
                missing.add(output);
            }
        }
        left.forEach(found -> account.seen(found.version()));
        missing.removeIf(output -> gone(account, cause, output));
        if (!missing.isEmpty() || !left.isEmpty()) {
            conflict(new Conflict(account.volumeId(), cause, expected, missing, left, account.version()));
        }
    }

    private boolean isHome(Output output, Found found) {
        return shelves.homes(output).contains(shelves.of(found.place().partition()));
    }

    /** Whether an output may rightly be no longer there; the newest of a key must be, but that shows only in the end. */
    private boolean gone(Account account, long cause, Output output) {
        boolean compacted = Newest.watches(output.topic());
        if (compacted) {
            newest.unseen(
                    output,
                    new Conflict(
                            account.volumeId(), cause, List.of(output), List.of(output), List.of(), account.version()));
        }
        boolean gone = compacted || shelves.homes(output).stream().anyMatch(s -> s.mayHaveLost(cause));
        if (gone) {
            account.tally(output.topic()).goneWithAge();
        }
        return gone;
    }

    /** Deals with outputs that name events up to that one, of which none is there. */
    private void withoutEvent(long cause) {
        for (Found found : shelves.takeUpTo(cause)) {
            if (found.ours()) {
                conflict(Conflict.without(found));
            }
        }
    }

    /** Compaction goes on while we read: what seems to be missing may have been overtaken since. */
    private List<Conflict> missingNewest() {
        if (newest.missing().isEmpty()) {
            return List.of();
        }
        log.outputs(Progress.NONE, output -> {
            boolean later = Cause.of(output.headers()).stream()
                    .anyMatch(c -> c.partition() == extent.partition() && c.offset() >= extent.end());
            if (later && Newest.watches(output.topic())) {
                newest.overtaken(output);
            }
        });
        return List.copyOf(newest.missing());
    }

    private void conflict(Conflict conflict) {
        if (conflicts.size() < LISTED) {
            conflicts.add(conflict);
        } else {
            unlisted++;
        }
    }
}
