package io.keepup.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.keepup.engine.Engine;
import io.keepup.engine.Fold;
import io.keepup.engine.Policy;
import io.keepup.engine.Step;
import io.keepup.engine.message.Command;
import io.keepup.engine.message.Command.IssueCatchUp;
import io.keepup.engine.message.Command.IssueRebuild;
import io.keepup.engine.message.Event;
import io.keepup.engine.state.VolumeState;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.openjdk.jmh.infra.Blackhole;

/** A benchmark of rejections would be fast and worth nothing: the history must do what its name says. */
class RecoveryHistoryTest {

    private static final int CYCLES = 50;

    private final Policy.Safe policy = (Policy.Safe) Policy.safe();
    private final RecoveryHistory history = RecoveryHistory.of(policy, CYCLES);

    @Test
    void theGuardAdmitsEveryEventAndEachChangesTheState() {
        Fold fold = new Fold(policy);
        VolumeState state = history.start();
        for (Event event : history.events()) {
            VolumeState before = state;
            assertThat(fold.apply(before, event)).as("%s", event).isInstanceOf(Step.class);
            state = ((Step) fold.apply(before, event)).state();
            assertThat(state).as("%s", event).isNotEqualTo(before);
        }
    }

    @Test
    void everyCycleIssuesOneCatchUpAndOneRebuildAndNothingElse() {
        List<List<Command>> commands = commandsOf(new Fold(policy));
        assertThat(commands).hasSize(CYCLES * VolumeLife.CYCLE);
        for (int cycle = 0; cycle < CYCLES; cycle++) {
            int first = cycle * VolumeLife.CYCLE;
            long sessions = 2L * cycle;
            assertThat(commands.get(first)).singleElement().isInstanceOfSatisfying(IssueCatchUp.class, c -> {
                assertThat(c.replicaId()).isEqualTo(RecoveryHistory.LAGGING);
                assertThat(c.sessionId()).isEqualTo(sessions + 1);
                assertThat(c.targetLsn()).isGreaterThan(c.startLsn());
            });
            assertThat(commands.get(first + 3)).singleElement().isInstanceOfSatisfying(IssueRebuild.class, c -> {
                assertThat(c.replicaId()).isEqualTo(RecoveryHistory.LOST);
                assertThat(c.sessionId()).isEqualTo(sessions + 2);
            });
            assertThat(commands.subList(first, first + VolumeLife.CYCLE))
                    .filteredOn(List::isEmpty)
                    .hasSize(4);
        }
    }

    @Test
    void theStepAloneEndsWhereGuardAndStepEnd() {
        Fold fold = new Fold(policy);
        Engine engine = new Engine(policy);
        VolumeState guarded = history.start();
        VolumeState stepped = history.start();
        for (Event event : history.events()) {
            guarded = ((Step) fold.apply(guarded, event)).state();
            stepped = engine.step(stepped, event).state();
        }
        assertThat(stepped).isEqualTo(guarded);
        assertThat(stepped.lastSessionId()).isEqualTo(2L * CYCLES);
    }

    private List<List<Command>> commandsOf(Fold fold) {
        List<List<Command>> commands = new ArrayList<>();
        VolumeState state = history.start();
        for (Event event : history.events()) {
            Step step = (Step) fold.apply(state, event);
            commands.add(step.commands());
            state = step.state();
        }
        return commands;
    }

    @Test
    void theBenchmarksRunThroughTheirHistoryAgainAndAgain() {
        Blackhole blackhole = new Blackhole(
                "Today's password is swordfish. I understand instantiating Blackholes directly is dangerous.");
        EngineBenchmark benchmark = new EngineBenchmark();
        for (int round = 0; round < 3; round++) {
            benchmark.guardAndStep(blackhole);
            benchmark.stepOnly(blackhole);
        }
    }
}
