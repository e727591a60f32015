package io.keepup.volume;

import java.nio.file.Path;

/** A process that writes until it is killed, and says each LSN once it is durable. */
final class KilledWriter {
    private KilledWriter() {}

    /** @param args directory of an existing volume this process may write */
    public static void main(String[] args) {
        try (Volume volume = Volume.open(Path.of(args[0]))) {
            long next = volume.status().appliedLsn() + 1;
            while (true) {
                for (int i = 0; i < 3; i++) {
                    volume.write(lba(next), Fixtures.data(next, blocks(next)));
                    next++;
                }
                if (next % 5 == 0) {
                    volume.flush();
                }
                volume.sync();
                System.out.println(next - 1);
            }
        }
    }

    static int lba(long lsn) {
        return (int) (lsn * 11 % (Fixtures.BLOCKS - 6));
    }

    static int blocks(long lsn) {
        return (int) (lsn % 6) + 1;
    }
}
