package io.keepup.service.failure;

import com.sun.management.UnixOperatingSystemMXBean;
import java.lang.management.ManagementFactory;

/**
 * How many files and connections a process may have open at once; {@code ulimit -n} sets it.
 *
 * @param limit of the process
 */
public record FileHandles(long limit) {

    /** Where nothing is limited, or the limit is not known. */
    public static final FileHandles UNLIMITED = new FileHandles(Long.MAX_VALUE);

    private static final long FEW = 4096;

    /** Whether there are so few that it is worth a line at each start. */
    public boolean few() {
        return limit < FEW;
    }

    /** Those of this process. */
    public static FileHandles ofProcess() {
        return ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean system
                        && system.getMaxFileDescriptorCount() > 0
                ? new FileHandles(system.getMaxFileDescriptorCount())
                : UNLIMITED;
    }
}
