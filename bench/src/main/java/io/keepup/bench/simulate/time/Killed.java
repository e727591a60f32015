package io.keepup.bench.simulate.time;

/** Unwinds a task whose process is dead. An error, so that no code that copes with failures copes with this one. */
public final class Killed extends Error {

    Killed(String process) {
        super(process + " is dead", null, false, false);
    }
}
