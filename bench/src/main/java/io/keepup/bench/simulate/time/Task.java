package io.keepup.bench.simulate.time;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;

/**
 * One task on a thread of its own, which runs only while it has the baton. Virtual threads hand it over in a microsecond;
 * before JDK 24 they cannot be parked inside a monitor, so there it is threads of the operating system.
 */
final class Task {

    private static final Thread.Builder THREADS = Runtime.version().feature() >= 24
            ? Thread.ofVirtual()
            : Thread.ofPlatform().daemon();
    private static final ThreadLocal<Task> CURRENT = new ThreadLocal<>();

    private final Scheduler scheduler;
    private final Process process;
    private final String name;
    private final Runnable work;
    private final CompletableFuture<Void> ended = new CompletableFuture<>();
    private Thread thread;
    private Wait wait;
    private volatile boolean baton;
    private volatile CountDownLatch reaped;

    Task(Scheduler scheduler, Process process, String name, Runnable work) {
        this.scheduler = scheduler;
        this.process = process;
        this.name = name;
        this.work = work;
    }

    /** The task that calls. */
    static Task current() {
        Task task = CURRENT.get();
        if (task == null) {
            throw new IllegalStateException("called from outside of a simulated task");
        }
        return task;
    }

    private void run() {
        CURRENT.set(this);
        baton = false;
        try {
            work.run();
            ended.complete(null);
        } catch (Killed e) {
            ended.completeExceptionally(e);
        } catch (Throwable e) {
            ended.completeExceptionally(e);
            if (process.alive()) {
                scheduler.breakOff(this + " died of " + e, e);
            }
        }
        CountDownLatch dead = reaped;
        if (dead == null) {
            scheduler.left(this);
        } else {
            dead.countDown();
        }
    }

    void giveBaton() {
        baton = true;
        if (thread == null) {
            thread = THREADS.unstarted(this::run);
            thread.start();
        } else {
            LockSupport.unpark(thread);
        }
    }

    void awaitBaton() {
        while (!baton) {
            LockSupport.park(this);
        }
        baton = false;
    }

    /** Lets the task of a dead process run to its end. */
    void reap(CountDownLatch gone) {
        reaped = gone;
        if (thread == null) {
            ended.completeExceptionally(new Killed(process.name()));
            gone.countDown();
        } else {
            giveBaton();
        }
    }

    boolean alive() {
        return thread != null && thread.isAlive();
    }

    StackTraceElement[] stack() {
        return thread == null ? new StackTraceElement[0] : thread.getStackTrace();
    }

    Process process() {
        return process;
    }

    CompletableFuture<Void> ended() {
        return ended;
    }

    void waitFor(Wait next) {
        wait = next;
    }

    Wait waitsFor() {
        return wait;
    }

    @Override
    public String toString() {
        return "task " + name + " of " + process.name();
    }
}
