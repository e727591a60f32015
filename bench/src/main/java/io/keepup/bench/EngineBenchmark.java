package io.keepup.bench;

import io.keepup.engine.Admission;
import io.keepup.engine.Engine;
import io.keepup.engine.Fold;
import io.keepup.engine.Policy;
import io.keepup.engine.Step;
import io.keepup.engine.message.Event;
import io.keepup.engine.state.VolumeState;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.infra.Blackhole;

/**
 * What the engine costs per event, on one thread, under the safe policy. One operation is one event.
 *
 * <p>Ids rise with every event, so an event can be folded only once after its predecessors. Making events on the clock
 * would measure their making; so each invocation folds the same {@link RecoveryHistory}, made before, from its start state
 * to its end. State is immutable, so the start is as good as new each time. The history is some hundred KB, so that it stays
 * in the cache, where an event that was just decoded is as well. Every step goes to the blackhole with all it holds, so the
 * compiler can leave none of it out, and what is allocated is what production allocates.
 */
@State(Scope.Thread)
public class EngineBenchmark {

    private static final int CYCLES = 256;
    private static final int EVENTS = CYCLES * VolumeLife.CYCLE;

    private final Policy.Safe policy = (Policy.Safe) Policy.safe();
    private final Fold fold = new Fold(policy);
    private final Engine engine = new Engine(policy);
    private final VolumeState start;
    private final Event[] history;

    public EngineBenchmark() {
        RecoveryHistory made = RecoveryHistory.of(policy, CYCLES);
        start = made.start();
        history = made.events().toArray(new Event[0]);
    }

    /** Guard and step: what the Streams app and every replay run for each event. */
    @Benchmark
    @OperationsPerInvocation(EVENTS)
    public void guardAndStep(Blackhole sent) {
        VolumeState state = start;
        for (Event event : history) {
            Step step =
                    switch (fold.apply(state, event)) {
                        case Step admitted -> admitted;
                        case Admission.Rejected no -> throw new IllegalStateException(no + ": " + event);
                    };
            sent.consume(step);
            state = step.state();
        }
    }

    /** The step alone, on events that a guard would admit. */
    @Benchmark
    @OperationsPerInvocation(EVENTS)
    public void stepOnly(Blackhole sent) {
        VolumeState state = start;
        for (Event event : history) {
            Step step = engine.step(state, event);
            sent.consume(step);
            state = step.state();
        }
    }
}
