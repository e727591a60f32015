package io.keepup.cli.cluster;

import io.keepup.cli.KeepupProcess;
import io.keepup.cli.QuickStart;
import java.util.List;

/** A {@code keepup} process that is killed, paused and started again, on the same directory and port. */
final class Member implements AutoCloseable {

    private final String name;
    private final QuickStart processes;
    private final String ready;
    private final List<Object> command;
    private final int port;
    private KeepupProcess process;

    /**
     * Not started.
     *
     * @param ready what it prints when it is up
     * @param port of its HTTP address on loopback
     */
    Member(String name, QuickStart processes, String ready, int port, List<Object> command) {
        this.name = name;
        this.processes = processes;
        this.ready = ready;
        this.port = port;
        this.command = command;
    }

    String name() {
        return name;
    }

    /** {@code host:port} of its HTTP address. */
    String address() {
        return "127.0.0.1:" + port;
    }

    void start() {
        process = processes.start(command.toArray());
        process.awaitOutput(ready);
    }

    /** kill -9. */
    void kill() throws InterruptedException {
        process.kill();
    }

    /** SIGTERM, and its end awaited. */
    void stop() throws InterruptedException {
        process.stop();
    }

    void pause() {
        process.pause();
    }

    void resume() {
        process.resume();
    }

    /** The last lines that it logged. */
    void print() {
        List<String> lines =
                process == null ? List.of() : process.errors().lines().toList();
        lines.subList(Math.max(0, lines.size() - 40), lines.size())
                .forEach(line -> System.out.printf("%s: %s%n", name, line));
    }

    @Override
    public void close() {
        if (process != null) {
            process.close();
        }
    }
}
