package io.keepup.cli;

import java.nio.file.Path;

/** Where things are when the user does not say. */
final class Defaults {

    private Defaults() {}

    /** {@code ~/.keepup}. */
    static Path home() {
        return Path.of(System.getProperty("user.home"), ".keepup");
    }
}
