package io.keepup.volume.wal;

import java.util.Arrays;

/**
 * Of which epoch the entry at each LSN is: where the entries of each epoch begin, from the first LSN known on. Immutable; grows by
 * one place an epoch, so that nothing of it is given up while the WAL is recycled.
 */
final class EpochStarts {
    private final long[] lsns;
    private final long[] epochs;

    private EpochStarts(long[] lsns, long[] epochs) {
        this.lsns = lsns;
        this.epochs = epochs;
    }

    /** Nothing is known but the entry at {@code lsn}; {@code epoch} 0: not even that. */
    static EpochStarts at(long lsn, long epoch) {
        return new EpochStarts(new long[] {lsn}, new long[] {epoch});
    }

    /** With the entries from {@code lsn} on, which are above all before, of {@code epoch}. */
    EpochStarts with(long lsn, long epoch) {
        int size = lsns.length;
        if (epochs[size - 1] == epoch) {
            return this;
        }
        long[] moreLsns = Arrays.copyOf(lsns, size + 1);
        long[] moreEpochs = Arrays.copyOf(epochs, size + 1);
        moreLsns[size] = lsn;
        moreEpochs[size] = epoch;
        return new EpochStarts(moreLsns, moreEpochs);
    }

    /** Epoch of the entry at {@code lsn}, which must not be above the head; 0 when not known. */
    long epochOf(long lsn) {
        int i = lsns.length - 1;
        while (i >= 0 && lsns[i] > lsn) {
            i--;
        }
        return i < 0 ? 0 : epochs[i];
    }
}
