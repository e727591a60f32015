package io.keepup.volume;

import java.util.OptionalLong;

/**
 * Facts about a volume, all taken at one moment.
 *
 * <p>While a rebuild marker stands, {@code appliedLsn = durableLsn = checkpointLsn = 0} and {@code recoverable = false},
 * after any crash or cancel too [R6].
 *
 * @param spec identity and geometry
 * @param epoch epoch of the role
 * @param role role in that epoch
 * @param appliedLsn newest LSN in the local WAL, replayable after a restart
 * @param appliedEpoch epoch of the entry at {@code appliedLsn}; 0 when not known, as of a copy made by a release that did not keep it
 * @param durableLsn newest LSN that was fsynced; never above {@code appliedLsn}
 * @param checkpointLsn everything up to here is in the extent
 * @param walTail oldest LSN the local WAL still holds; {@code appliedLsn + 1} when it holds none
 * @param recoverable false while a rebuild is unfinished or a fault was found
 * @param fault the damage found, or null
 * @param rebuildSessionId the session whose marker stands
 */
public record VolumeStatus(
        VolumeSpec spec,
        long epoch,
        VolumeRole role,
        long appliedLsn,
        long appliedEpoch,
        long durableLsn,
        long checkpointLsn,
        long walTail,
        boolean recoverable,
        VolumeFault fault,
        OptionalLong rebuildSessionId) {}
