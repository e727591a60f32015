package io.keepup.node.hosting;

import io.keepup.node.NodeContext;
import io.keepup.node.NodeCounter;
import io.keepup.node.NodeSettings;
import io.keepup.service.failure.RepeatedFailureLog;
import io.keepup.volume.Scrub;
import io.keepup.volume.ScrubReport;
import io.keepup.volume.VolumeException;
import java.time.Duration;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads and verifies a node's volumes in the background, one after the other, at a bounded rate. What it finds damaged becomes the
 * volume's fault: a replica's next sync tells it and a rebuild follows [P4], a primary serves no more.
 */
final class Scrubber implements Runnable {

    private static final Logger log = LoggerFactory.getLogger(Scrubber.class);
    private static final RepeatedFailureLog failures = new RepeatedFailureLog(log);
    private static final long STEP_BYTES = 1 << 20;
    /** How often it looks whether a volume is due. */
    private static final Duration LOOKS = Duration.ofSeconds(10);

    private final NodeContext context;
    private final Supplier<Collection<HostedVolume>> volumes;
    private final CompletableFuture<Void> closing;
    /** At which uptime, ms, a volume is to be scrubbed next; one that is not in here, now. */
    private final Map<String, Long> due = new HashMap<>();

    private HostedVolume volume;
    private Scrub scrub;
    /** Damaged blocks of this scrub that are counted. */
    private long counted;
    /** Whether its damage is in the log. */
    private boolean said;

    /** @param closing when it is done, so is this */
    Scrubber(NodeContext context, Supplier<Collection<HostedVolume>> volumes, CompletableFuture<Void> closing) {
        this.context = context;
        this.volumes = volumes;
        this.closing = closing;
    }

    /** Whether it is to run at all. */
    boolean wanted() {
        return rate() > 0;
    }

    private long rate() {
        return context.settings().get(NodeSettings.SCRUB_RATE);
    }

    @Override
    public void run() {
        Duration pause = Duration.ofMillis(Math.max(1, STEP_BYTES * 1000 / rate()));
        boolean busy = true;
        while (!context.tasks().await(closing, busy ? pause : looks())) {
            busy = scrub != null || begin();
            if (busy) {
                step();
            }
        }
    }

    private Duration interval() {
        return context.settings().get(NodeSettings.SCRUB_INTERVAL);
    }

    private Duration looks() {
        return interval().compareTo(LOOKS) < 0 ? interval() : LOOKS;
    }

    /** Takes up the volume that waits longest, if one is due. */
    private boolean begin() {
        long now = context.uptimeMs();
        Optional<HostedVolume> next =
                volumes.get().stream().filter(v -> dueOf(v) <= now).min(Comparator.comparingLong(this::dueOf));
        next.ifPresent(v -> {
            due.put(v.volumeId(), now + interval().toMillis());
            volume = v;
            counted = 0;
            said = false;
            guarded(() -> scrub = v.scrub());
        });
        return scrub != null;
    }

    private long dueOf(HostedVolume hosted) {
        return due.getOrDefault(hosted.volumeId(), 0L);
    }

    private void step() {
        guarded(() -> {
            boolean more = scrub.step();
            tell(scrub.report());
            if (!more) {
                context.metrics().count(NodeCounter.SCRUBS);
                scrub = null;
            }
        });
    }

    /** At once: a replica's rebuild may begin before its scrub ends. */
    private void tell(ScrubReport report) {
        context.metrics().add(NodeCounter.BLOCKS_CORRUPT, report.corruptBlocks() - counted);
        counted = report.corruptBlocks();
        if (!report.clean() && !said) {
            log.error("Volume {}: {}: it must be rebuilt from another copy", volume.volumeId(), damage(report));
            said = true;
        }
    }

    private static String damage(ScrubReport report) {
        if (report.corruptBlocks() == 0) {
            return "its WAL is damaged";
        }
        return "%s blocks are damaged, the first %s%s"
                .formatted(
                        report.corruptBlocks(),
                        report.firstCorrupt(),
                        report.walCorrupt() ? ", and its WAL is too" : "");
    }

    /** A volume that cannot be read now, as one in a rebuild, has its turn again soon. */
    private void guarded(Runnable work) {
        try {
            work.run();
        } catch (VolumeException e) {
            scrub = null;
            due.put(volume.volumeId(), context.uptimeMs() + looks().toMillis());
            switch (e.kind()) {
                case REBUILDING, CLOSED -> log.debug("Volume {}: not scrubbed", volume.volumeId(), e);
                default -> {
                    context.metrics().count(NodeCounter.VOLUME_ERRORS);
                    failures.error(
                            "scrub", "Volume %s: its scrub failed: %s".formatted(volume.volumeId(), e.getMessage()), e);
                }
            }
        }
    }
}
