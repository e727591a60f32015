package io.keepup.volume;

import static io.keepup.volume.Fixtures.data;
import static io.keepup.volume.Fixtures.write;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** A primary with base at LSN 10 and a replica that holds other data. */
abstract class RebuildScene {
    static final long BASE = 10;

    @TempDir
    Path tmp;

    Volume primary;
    Volume replica;

    @BeforeEach
    void open() {
        primary = Fixtures.primary(tmp.resolve("primary"));
        for (int i = 0; i < BASE; i++) {
            primary.write(i * 3, data(i, 2));
        }
        primary.sync();
        replica = Fixtures.replica(tmp.resolve("replica"));
        replica.apply(List.of(write(1, 1, 0, 77, 32), write(1, 2, 32, 78, 32)));
        replica.flush();
        replica.apply(List.of(write(1, 3, 5, 79, 20)));
    }

    @AfterEach
    void close() {
        primary.close();
        replica.close();
    }

    RebuildBounds bounds(long sessionId, long target) {
        return new RebuildBounds(sessionId, 1, BASE, 1, target, false);
    }

    RebuildSession start(long sessionId, long target) {
        return replica.rebuild().start(bounds(sessionId, target));
    }

    void assertUnprovenAnySession() {
        assertThat(replica.status().recoverable()).isFalse();
        assertThat(replica.status().appliedLsn()).isZero();
    }
}
