package io.keepup.streams;

import java.util.Optional;

/** How the app is, for whoever watches over it; each answer is one sentence, empty when there is nothing to object. */
public interface Health {

    /** Why the process should be started anew. */
    Optional<String> whyNotAlive();

    /** Why it should not be asked anything yet. */
    Optional<String> whyNotReady();
}
