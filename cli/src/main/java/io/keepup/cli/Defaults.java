package io.keepup.cli;

import java.nio.file.Path;

/** Where things are when the user does not say. */
final class Defaults {

    private Defaults() {}

    /** {@code ~/.keepup}. As in a shell, {@code ~} is {@code $HOME}, and the account's own directory only without that. */
    static Path home() {
        String home = System.getenv("HOME");
        return Path.of(home == null || home.isEmpty() ? System.getProperty("user.home") : home, ".keepup");
    }
}
