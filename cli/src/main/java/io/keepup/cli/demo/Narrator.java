package io.keepup.cli.demo;

import io.keepup.cli.Terminal;
import io.keepup.cli.rig.Watch;
import io.keepup.v1.Mode;
import io.keepup.v1.ReplicaView;
import io.keepup.v1.SessionView;
import io.keepup.v1.VolumeProjection;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** Tells the story as it happens, one line a step with the time since the start. */
final class Narrator implements Watch.Listener {

    private static final Duration SLICE = Duration.ofMillis(250);
    private static final Duration SILENCE = Duration.ofSeconds(2);

    private final Terminal terminal;
    private final long begin = System.nanoTime();
    private VolumeProjection shown;

    Narrator(Terminal terminal) {
        this.terminal = terminal;
    }

    double seconds() {
        return (System.nanoTime() - begin) / 1e9;
    }

    void chapter(String name) {
        terminal.line("");
        terminal.line(terminal.bold(name));
    }

    void line(String text) {
        terminal.line(String.format(Locale.ROOT, "%6.2f s  %s", seconds(), text));
    }

    /** A line for every change of mode or reason. */
    @Override
    public void seen(ConsumerRecord<byte[], byte[]> record, SpecificRecord value) {
        if (value instanceof VolumeProjection projection) {
            changed(shown, projection);
            shown = projection;
        }
    }

    private void changed(VolumeProjection before, VolumeProjection after) {
        if (before != null
                && before.getMode() == after.getMode()
                && before.getReason().equals(after.getReason())) {
            return;
        }
        String mode = modeText(after);
        boolean good = after.getMode() == Mode.publish_healthy;
        line("  → " + (good ? terminal.green(mode) : terminal.dim(mode)));
    }

    private static String modeText(VolumeProjection p) {
        String mode = p.getMode().toString();
        return p.getReason().isEmpty() || p.getReason().equals(mode) ? mode : mode + " (" + p.getReason() + ")";
    }

    /** Waits, and shows how it goes once it takes longer than two seconds. */
    void await(Watch watch, String what, Duration limit, Predicate<Watch> condition)
            throws TimeoutException, InterruptedException {
        long start = System.nanoTime();
        while (true) {
            Duration waited = Duration.ofNanos(System.nanoTime() - start);
            try {
                watch.await(what, waited.plus(SLICE).compareTo(limit) < 0 ? SLICE : SLICE.dividedBy(5), condition);
                terminal.endMoving();
                return;
            } catch (TimeoutException e) {
                if (waited.compareTo(limit) >= 0) {
                    terminal.endMoving();
                    throw new TimeoutException(
                            e.getMessage().replaceFirst("waited \\d+ s", "waited " + limit.toSeconds() + " s"));
                }
                if (waited.compareTo(SILENCE) > 0) {
                    terminal.moving(
                            "          … waiting for %s%s".formatted(what, progress(watch.projection(), waited)));
                }
            }
        }
    }

    private static String progress(VolumeProjection projection, Duration waited) {
        ReplicaView replica = DemoStory.recovering(projection);
        if (replica == null) {
            return "";
        }
        SessionView session = replica.getSession();
        double base = fraction(session.getBaseBlocksDone(), session.getBaseBlocksTotal());
        double wal = fraction(
                session.getWalAppliedLsn() - session.getStartLsn(), session.getTargetLsn() - session.getStartLsn());
        double done = session.getBaseBlocksTotal() > 0 ? Math.min(base, wal) : wal;
        String left = done > 0.02
                ? String.format(Locale.ROOT, ", about %.0f s left", waited.toMillis() / 1000.0 * (1 - done) / done)
                : "";
        return String.format(Locale.ROOT, ": %.0f %%%s", 100 * done, left);
    }

    private static double fraction(long done, long total) {
        return total <= 0 ? 0 : Math.clamp((double) done / total, 0, 1);
    }
}
