package io.keepup.bench.recovery;

import java.lang.management.ManagementFactory;
import java.util.Locale;

/** Processor time of this whole JVM since this was made: what stays the same when others use the machine too. */
final class Cpu {

    private final com.sun.management.OperatingSystemMXBean system =
            ManagementFactory.getPlatformMXBean(com.sun.management.OperatingSystemMXBean.class);
    private final long began = system.getProcessCpuTime();

    /** In words. */
    @Override
    public String toString() {
        return String.format(Locale.ROOT, "%.2f s CPU", (system.getProcessCpuTime() - began) / 1e9);
    }
}
