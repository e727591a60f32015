package io.keepup.streams.audit.verify;

import io.keepup.streams.audit.Extent;
import java.util.List;

/**
 * What came of a verification.
 *
 * @param extent what was compared
 * @param accounts one a volume, by id
 * @param differences the first ones
 * @param unlisted how many events more there are whose outputs differ
 */
public record Verification(Extent extent, List<Account> accounts, List<Difference> differences, long unlisted) {

    /** Everything that can be compared is as the replay says. */
    public boolean proven() {
        return differences.isEmpty() && unlisted == 0;
    }
}
