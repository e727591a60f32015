package io.keepup.bench.simulate.time;

import io.keepup.node.world.Tasks;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** Tasks that live and die together, as those of one operating system process. */
public final class Process implements Tasks {

    private final Scheduler scheduler;
    private final String name;
    private final long begin;
    private volatile boolean dead;

    Process(Scheduler scheduler, String name) {
        this.scheduler = scheduler;
        this.name = name;
        this.begin = scheduler.now();
    }

    public String name() {
        return name;
    }

    public boolean alive() {
        return !dead;
    }

    /** @throws Killed when the process is dead: to be called by everything it could still act on */
    public void requireAlive() {
        if (dead) {
            throw new Killed(name);
        }
    }

    /** Dies at once, without ending its tasks yet: they never get another turn. May be called by one of them. */
    public void condemn() {
        dead = true;
    }

    /** Dies, and its tasks are gone when this returns. For tasks of another process only. */
    public void kill() {
        dead = true;
        scheduler.reap(this);
    }

    @Override
    public CompletableFuture<Void> start(String taskName, Runnable work) {
        requireAlive();
        return scheduler.start(this, taskName, work);
    }

    @Override
    public long uptimeMs() {
        return 1 + (scheduler.now() - begin) / 1_000_000;
    }

    @Override
    public boolean await(CompletableFuture<?> done, Duration limit) {
        requireAlive();
        if (!done.isDone()) {
            scheduler.await(new Done(done, scheduler.now() + limit.toNanos()));
        }
        return done.isDone();
    }

    private record Done(CompletableFuture<?> future, long deadline) implements Wait {
        @Override
        public boolean over(long now) {
            return now >= deadline || future.isDone();
        }

        @Override
        public long until(long now) {
            return deadline;
        }
    }
}
