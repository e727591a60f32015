package io.keepup.embedded;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.apache.kafka.common.utils.Exit;

/**
 * Keeps Kafka from ending the JVM. A broker that loses its disk calls {@link Exit}, which is right for a process that is
 * a broker and wrong for an application that holds one: here the thread that asks is stopped and the broker's owner is
 * told. {@link Exit} is one for the JVM and cannot say which broker meant it, so every running broker is told.
 */
final class ExitGuard {

    private static final Set<Consumer<Throwable>> OWNERS = ConcurrentHashMap.newKeySet();

    private ExitGuard() {}

    /** Tells the owner from now on when Kafka wants to end the JVM. */
    static synchronized void add(Consumer<Throwable> owner) {
        if (OWNERS.isEmpty()) {
            Exit.setExitProcedure(ExitGuard::refuse);
            Exit.setHaltProcedure(ExitGuard::refuse);
        }
        OWNERS.add(owner);
    }

    /** Takes the owner off; with the last one Kafka's own behaviour comes back. */
    static synchronized void remove(Consumer<Throwable> owner) {
        if (OWNERS.remove(owner) && OWNERS.isEmpty()) {
            Exit.resetExitProcedure();
            Exit.resetHaltProcedure();
        }
    }

    private static void refuse(int status, String message) {
        IllegalStateException failure =
                new IllegalStateException("the embedded Kafka broker gave up (status %s%s): see its log"
                        .formatted(status, message == null ? "" : ", " + message));
        OWNERS.forEach(owner -> owner.accept(failure));
        // Kafka's callers count on never coming back from here.
        throw failure;
    }
}
