package io.keepup.node.world;

import io.keepup.service.failure.FileHandles;
import io.keepup.volume.VolumeException;
import java.util.Optional;

/**
 * How many volumes a process can have open within its limit of file handles. A volume beyond that is not opened: taking the last
 * handles, it would take the log segments from the others, and its connections from the node.
 *
 * @param process the limit
 */
public record VolumeHandles(FileHandles process) {

    /** What a node takes without any volume: 145 were seen, of jars, Kafka's clients and HTTP; more while requests come. */
    static final long NODE = 200;

    /** What a volume takes: 5 were seen of an idle one, and one more for each WAL segment to be flushed and for large I/O. */
    static final long VOLUME = 8;

    /** What a node with so many volumes needs. */
    static long needed(long volumes) {
        return NODE + volumes * VOLUME;
    }

    /** How many volumes the limit allows. */
    long allowed() {
        return Math.max(0, (process.limit() - NODE) / VOLUME);
    }

    /**
     * Refuses one volume more.
     *
     * @param open volumes that are open already
     * @throws VolumeException when the limit does not allow it
     */
    public void require(String volumeId, int open) {
        if (open >= allowed()) {
            throw new VolumeException(
                    VolumeException.Kind.NO_FILE_HANDLES,
                    "cannot open volume %s: this process may have %s files open, enough for %s volumes; raise ulimit -n to %s or more and start the node again"
                            .formatted(volumeId, process.limit(), allowed(), needed(open + 1L)));
        }
    }

    /** What to say at the start of a node with so many volumes, when the limit is too low for them or soon will be. */
    public Optional<String> shortage(int volumes) {
        if (volumes > allowed()) {
            return Optional.of(
                    "this process may have %s files open, %s volumes need %s: only %s are served; raise ulimit -n"
                            .formatted(process.limit(), volumes, needed(volumes), allowed()));
        }
        return !process.few()
                ? Optional.empty()
                : Optional.of("this process may have %s files open, enough for %s volumes: raise ulimit -n for more"
                        .formatted(process.limit(), allowed()));
    }
}
