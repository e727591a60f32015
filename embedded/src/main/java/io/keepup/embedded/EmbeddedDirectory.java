package io.keepup.embedded;

import io.keepup.embedded.EmbeddedStartException.Reason;
import io.keepup.service.directory.DataDirectory;
import io.keepup.service.directory.DirectoryException;
import java.nio.file.Path;

/** Claims the directories of broker and cluster. */
final class EmbeddedDirectory {

    private static final String LOCK = "LOCK";

    private EmbeddedDirectory() {}

    /** @throws EmbeddedStartException DIRECTORY_IN_USE, DIRECTORY_UNUSABLE or OTHER_VERSION */
    static DataDirectory claim(Path directory, String format) {
        try {
            return DataDirectory.claim(directory, format, LOCK);
        } catch (DirectoryException e) {
            Reason reason =
                    switch (e.reason()) {
                        case IN_USE -> Reason.DIRECTORY_IN_USE;
                        case UNUSABLE -> Reason.DIRECTORY_UNUSABLE;
                        case OTHER_FORMAT -> Reason.OTHER_VERSION;
                    };
            throw new EmbeddedStartException(reason, e.getMessage(), e);
        }
    }
}
