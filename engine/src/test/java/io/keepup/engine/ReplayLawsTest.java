package io.keepup.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.keepup.engine.message.Command;
import io.keepup.engine.message.Event;
import io.keepup.engine.message.Event.AssignmentDelivered;
import io.keepup.engine.message.ReplicaEndpoint;
import io.keepup.engine.state.ById;
import io.keepup.engine.state.View;
import io.keepup.engine.state.VolumeState;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

/**
 * What must hold of any log [invariant 1]. Each number of a list stands for one event of {@link Gossip}, so a failing log
 * shrinks by leaving events out.
 */
class ReplayLawsTest {

    private static final int TRIES = 300;
    private static final Policy POLICY = Policy.safe();

    /** A log with all that became of it. */
    private record Life(List<Event> log, List<Folded> folded, VolumeState state) {
        List<Command> commands() {
            List<Command> commands = new ArrayList<>();
            folded.forEach(f -> {
                if (f instanceof Step step) {
                    commands.addAll(step.commands());
                }
            });
            return commands;
        }
    }

    private static List<Event> log(List<Long> numbers, boolean removals) {
        Gossip gossip = new Gossip(0, removals);
        Fold fold = new Fold(POLICY);
        VolumeState state = VolumeState.initial(Gossip.VOLUME);
        List<Event> log = new ArrayList<>();
        for (long number : numbers) {
            Event event = gossip.next(state, number);
            log.add(event);
            if (fold.apply(state, event) instanceof Step step) {
                state = step.state();
            }
        }
        return log;
    }

    private static Life live(List<Event> log) {
        return live(VolumeState.initial(Gossip.VOLUME), log);
    }

    private static Life live(VolumeState start, List<Event> log) {
        Fold fold = new Fold(POLICY);
        VolumeState state = start;
        List<Folded> all = new ArrayList<>();
        for (Event event : log) {
            Folded folded = fold.apply(state, event);
            all.add(folded);
            if (folded instanceof Step step) {
                state = step.state();
            }
        }
        return new Life(log, all, state);
    }

    @Property(tries = TRIES)
    void replayGivesTheStateFromWhereverItBegins(
            @ForAll @Size(min = 1, max = 150) List<Long> numbers, @ForAll @IntRange(max = 149) int place) {
        Life whole = live(log(numbers, true));
        int cut = place % numbers.size();

        Life begin = live(whole.log().subList(0, cut));
        Life rest = live(begin.state(), whole.log().subList(cut, numbers.size()));

        assertThat(rest.state()).isEqualTo(whole.state());
        assertThat(rest.folded()).isEqualTo(whole.folded().subList(cut, numbers.size()));
    }

    @Property(tries = TRIES)
    void anyEventTwiceIsThatEventOnce(
            @ForAll @Size(min = 1, max = 150) List<Long> numbers, @ForAll @IntRange(max = 149) int place) {
        Life once = live(log(numbers, true));
        List<Event> doubled = new ArrayList<>(once.log());
        int twin = place % numbers.size();
        doubled.add(twin, doubled.get(twin));

        Life twice = live(doubled);

        assertThat(twice.state()).isEqualTo(once.state());
        assertThat(twice.commands()).isEqualTo(once.commands());
    }

    /** While no replica is taken out of its epoch and back; readiness and barriers are levels, their last word holds. */
    @Property(tries = TRIES)
    void Q2_whatIsSaidOfAReplicaIsFoldedOnceHoweverLateItsTwinComes(
            @ForAll @Size(min = 1, max = 150) List<Long> numbers, @ForAll @IntRange(max = 149) int place) {
        Life life = live(log(numbers, false));
        int first = place % numbers.size();
        Event event = life.log().get(first);
        if (!(event instanceof Event.OfReplica) || life.folded().get(first) instanceof Admission.Rejected) {
            return;
        }
        VolumeState state = ((Step) life.folded().get(first)).state();
        for (Event later : life.log().subList(first + 1, numbers.size())) {
            assertNothingNew(state, event);
            if (new Fold(POLICY).apply(state, later) instanceof Step step) {
                state = step.state();
            }
        }
        assertNothingNew(state, event);
    }

    private static void assertNothingNew(VolumeState state, Event twin) {
        if (new Fold(POLICY).apply(state, twin) instanceof Step step) {
            assertThat(step.state()).isEqualTo(state);
            assertThat(step.commands()).isEmpty();
        }
    }

    @Property(tries = TRIES)
    void theOrderOfReplicasInAnAssignmentSaysNothing(@ForAll @Size(max = 150) List<Long> numbers, @ForAll long order) {
        Life one = live(log(numbers, true));
        Random random = new Random(order);

        Life other =
                live(one.log().stream().map(event -> otherOrder(event, random)).toList());

        assertThat(other.state()).isEqualTo(one.state());
        assertThat(other.commands().stream().map(ReplayLawsTest::sorted).toList())
                .isEqualTo(one.commands().stream().map(ReplayLawsTest::sorted).toList());
    }

    private static Event otherOrder(Event event, Random random) {
        return event instanceof AssignmentDelivered e
                ? new AssignmentDelivered(
                        e.meta(), e.role(), shuffled(e.replicas(), random), e.sizeBytes(), e.blockSize())
                : event;
    }

    /** The shipper gets the replicas as the master lists them. */
    private static Command sorted(Command command) {
        if (command instanceof Command.ConfigureShipper c) {
            List<ReplicaEndpoint> replicas = new ArrayList<>(c.replicas());
            replicas.sort(java.util.Comparator.comparing(ReplicaEndpoint::replicaId));
            return new Command.ConfigureShipper(c.origin(), replicas);
        }
        return command;
    }

    @Property(tries = TRIES)
    void aStateIsTheSameInWhateverOrderItIsPutTogether(
            @ForAll @Size(max = 150) List<Long> numbers, @ForAll long order) {
        VolumeState state = live(log(numbers, true)).state();
        Random random = new Random(order);
        List<View> views = new ArrayList<>();
        for (View view : shuffled(list(state.views()), random)) {
            views.add(view.withReplicas(ById.of(shuffled(list(view.replicas()), random))));
        }

        VolumeState again = new VolumeState(
                state.volumeId(),
                ById.of(views),
                state.epoch(),
                state.primaryId(),
                state.sizeBytes(),
                state.blockSize(),
                state.sizeSettled(),
                state.lastSessionId(),
                state.lastCommand());

        assertThat(again).isEqualTo(state).hasSameHashCodeAs(state);
        Event next = new Gossip(order, true).next(state);
        assertThat(new Fold(POLICY).apply(again, next)).isEqualTo(new Fold(POLICY).apply(state, next));
    }

    private static <T extends ById.Identified> List<T> list(ById<T> values) {
        List<T> list = new ArrayList<>();
        values.forEach(list::add);
        return list;
    }

    private static <T> List<T> shuffled(List<T> values, Random random) {
        List<T> copy = new ArrayList<>(values);
        Collections.shuffle(copy, random);
        return copy;
    }
}
