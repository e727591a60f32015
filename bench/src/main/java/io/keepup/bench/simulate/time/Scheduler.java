package io.keepup.bench.simulate.time;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.PriorityQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Runs the tasks of one history, one at a time, on threads that hand each other the baton, and owns their clock. A task
 * runs until it waits; who goes on is drawn among those whose wait is over, and when there is none the clock jumps to the
 * next time at which there is one. So the same seed gives the same history.
 *
 * <p>All state here belongs to whoever holds the baton. Only the tasks of a process that is killed run without it, all at
 * once, until they are gone: whatever they touch refuses them.
 */
public final class Scheduler {

    /** What one turn of a task takes, ns: no loop stands still in time. */
    private static final int TURN_NANOS = 20_000;

    private static final Instant BEGIN = Instant.parse("2026-01-01T00:00:00Z");
    private static final long STUCK_SECONDS = 60;

    private record Timed(long at, long number, Runnable action) {}

    private final Draws choices;
    private final List<Task> tasks = new ArrayList<>();
    private final List<Task> ready = new ArrayList<>();
    private final PriorityQueue<Timed> timers =
            new PriorityQueue<>((a, b) -> a.at != b.at ? Long.compare(a.at, b.at) : Long.compare(a.number, b.number));
    private final Process world = new Process(this, "world");
    private final CountDownLatch ended = new CountDownLatch(1);
    private final long limit;
    private long numbers;
    private volatile long now;
    private volatile long turns;
    private Task running;
    private boolean over;
    private volatile RuntimeException failure;

    /** @param limit of virtual time: a history that is not over by then has failed */
    public Scheduler(long seed, Duration limit) {
        this.choices = Draws.of(seed, "schedule");
        this.limit = limit.toNanos();
    }

    /** What went wrong in a history that could not be told to its end. */
    public static final class BrokenOff extends RuntimeException {
        BrokenOff(String message, Throwable cause) {
            super(message, cause);
        }
    }

    /**
     * Runs a history: {@code main} and all that it starts. Returns when {@code main} has ended and everything is gone.
     *
     * @throws BrokenOff when nothing can happen any more, virtual time is up, or a task blocks outside of its tasks
     */
    public void run(Runnable main) {
        world.start("main", () -> {
            try {
                main.run();
            } catch (Killed e) {
                throw e; // the history was ended while it waited
            } catch (RuntimeException | Error e) {
                breakOff("the history broke off: " + e, e);
            } finally {
                over = true;
            }
        });
        handOver(next());
        awaitEnd();
        world.condemn();
        List<Task> left = List.copyOf(tasks);
        tasks.clear();
        left.forEach(task -> task.process().condemn());
        reap(left);
        if (failure != null) {
            throw failure;
        }
    }

    private void awaitEnd() {
        try {
            long before = -1;
            while (!ended.await(STUCK_SECONDS, TimeUnit.SECONDS)) {
                if (turns == before) {
                    Task stuck = running;
                    BrokenOff why = new BrokenOff(stuck + " blocks outside of its tasks", null);
                    why.setStackTrace(stuck.stack());
                    throw why;
                }
                before = turns;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new BrokenOff("interrupted", e);
        }
    }

    /** A process of its own name; it has no tasks yet. */
    public Process process(String name) {
        return new Process(this, name);
    }

    /** The process that outlives all others. */
    public Process world() {
        return world;
    }

    /** Virtual time since the history's begin, ns. */
    public long now() {
        return now;
    }

    /** Turns taken so far. */
    public long turns() {
        return turns;
    }

    /** A clock that is off by as much as is said whenever somebody looks at it. */
    public Clock clock(Supplier<Duration> skew) {
        return new VirtualClock(this, skew);
    }

    /** Ms since 1970 by the world's own clock. */
    public long millis() {
        return BEGIN.toEpochMilli() + now / 1_000_000;
    }

    /** Does something at a time, between turns; it must not wait. */
    public void at(long nanos, Runnable action) {
        timers.add(new Timed(nanos, numbers++, action));
    }

    /** Does something after a while, as {@link #at}. */
    public void after(long nanos, Runnable action) {
        at(now + nanos, action);
    }

    /** Ends the history: nobody gets another turn. */
    public void stop() {
        over = true;
    }

    /** Ends the history with a failure of the simulator itself. */
    public void breakOff(String why, Throwable cause) {
        if (failure == null) {
            failure = new BrokenOff("%s (at %s ms)".formatted(why, now / 1_000_000), cause);
        }
        over = true;
    }

    /** The task that calls waits. */
    public void await(Wait wait) {
        Task me = Task.current();
        me.process().requireAlive();
        me.waitFor(wait);
        Task next = next();
        if (next != me) {
            handOver(next);
            me.awaitBaton();
        }
        me.waitFor(null);
        me.process().requireAlive();
    }

    /** The task that calls waits so long. */
    public void sleep(Duration duration) {
        await(Wait.at(now + duration.toNanos()));
    }

    CompletableFuture<Void> start(Process process, String name, Runnable work) {
        Task task = new Task(this, process, name, work);
        tasks.add(task);
        return task.ended();
    }

    /** A task is over; it held the baton. */
    void left(Task task) {
        tasks.remove(task);
        handOver(next());
    }

    /** Ends the tasks of dead processes; the caller holds the baton and is none of them. */
    void reap(Process process) {
        List<Task> dead =
                tasks.stream().filter(task -> task.process() == process).toList();
        tasks.removeAll(dead);
        reap(dead);
    }

    private void reap(List<Task> dead) {
        CountDownLatch gone = new CountDownLatch(dead.size());
        dead.forEach(task -> task.reap(gone));
        try {
            if (!gone.await(STUCK_SECONDS, TimeUnit.SECONDS)) {
                Task stuck = dead.stream().filter(Task::alive).findFirst().orElseThrow();
                BrokenOff why = new BrokenOff(stuck + " does not end when its process is dead", null);
                why.setStackTrace(stuck.stack());
                throw why;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new BrokenOff("interrupted", e);
        }
    }

    private void handOver(Task next) {
        running = next;
        if (next == null) {
            ended.countDown();
        } else {
            next.giveBaton();
        }
    }

    /** Who goes on; null when the history is over. */
    private Task next() {
        turns++;
        now += 1 + choices.below(TURN_NANOS);
        while (!over) {
            runTimers();
            long wake = collectReady();
            if (over) {
                break;
            }
            if (!ready.isEmpty()) {
                return ready.size() == 1 ? ready.get(0) : ready.get(choices.below(ready.size()));
            }
            wake = timers.isEmpty() ? wake : Math.min(wake, timers.peek().at);
            if (wake == Wait.NEVER) {
                breakOff("nothing can happen any more", null);
            } else if (wake > limit) {
                breakOff("virtual time is up", null);
            } else {
                now = Math.max(now, wake);
            }
        }
        return null;
    }

    private void runTimers() {
        try {
            while (!over && !timers.isEmpty() && timers.peek().at <= now) {
                timers.poll().action.run();
            }
        } catch (RuntimeException e) {
            breakOff("an action broke off: " + e, e);
        }
    }

    /** Collects whose wait is over; returns when the next one will be by the clock alone. */
    private long collectReady() {
        ready.clear();
        long wake = Wait.NEVER;
        long time = now;
        for (int i = 0; i < tasks.size(); i++) {
            Task task = tasks.get(i);
            if (!task.process().alive()) {
                continue;
            }
            Wait wait = task.waitsFor();
            if (wait == null || wait.over(time)) {
                ready.add(task);
            } else if (ready.isEmpty()) {
                wake = Math.min(wake, wait.until(time));
            }
        }
        return wake;
    }

    private static final class VirtualClock extends Clock {
        private final Scheduler scheduler;
        private final Supplier<Duration> skew;

        VirtualClock(Scheduler scheduler, Supplier<Duration> skew) {
            this.scheduler = scheduler;
            this.skew = skew;
        }

        @Override
        public Instant instant() {
            return BEGIN.plusNanos(scheduler.now).plus(skew.get());
        }

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            throw new UnsupportedOperationException("a virtual clock has one zone");
        }
    }
}
