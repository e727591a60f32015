package io.keepup.streams.metrics;

import io.keepup.streams.view.ProjectionView;
import io.keepup.v1.Mode;
import io.keepup.v1.NodeFault;
import io.keepup.v1.ReplicaView;
import io.keepup.v1.SessionKind;
import io.keepup.v1.SessionState;
import io.keepup.v1.SessionView;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.List;

/** Volumes by mode, faults of nodes and live sessions by kind, as the projections have them when asked. */
public final class ViewMetrics {

    private static final List<SessionKind> WITH_SESSIONS = List.of(SessionKind.catchup, SessionKind.rebuild);

    private ViewMetrics() {}

    public static void register(ProjectionView view, MeterRegistry registry) {
        for (Mode mode : Mode.values()) {
            if (mode != Mode.unknown) {
                Gauge.builder("keepup.volumes", view, v -> volumes(v, mode))
                        .description("Volumes in this mode")
                        .tag("mode", mode.name())
                        .register(registry);
            }
        }
        for (NodeFault fault : NodeFault.values()) {
            if (fault != NodeFault.none) {
                Gauge.builder("keepup.node.faults", view, v -> faults(v, fault))
                        .description("Copies of volumes whose node reports this fault")
                        .tag("fault", fault.name())
                        .register(registry);
            }
        }
        for (SessionKind kind : WITH_SESSIONS) {
            Gauge.builder("keepup.sessions.live", view, v -> sessions(v, kind))
                    .description("Sessions issued or running")
                    .tag("kind", kind.name())
                    .register(registry);
        }
    }

    private static double volumes(ProjectionView view, Mode mode) {
        return view.volumes().stream().filter(v -> v.getMode() == mode).count();
    }

    private static double faults(ProjectionView view, NodeFault fault) {
        return view.volumes().stream()
                .flatMap(v -> v.getNodes().stream())
                .filter(n -> n.getFault() == fault)
                .count();
    }

    private static double sessions(ProjectionView view, SessionKind kind) {
        return view.volumes().stream()
                .flatMap(v -> v.getReplicas().stream())
                .map(ReplicaView::getSession)
                .filter(s -> s.getKind() == kind && live(s))
                .count();
    }

    private static boolean live(SessionView session) {
        return session.getState() == SessionState.issued || session.getState() == SessionState.running;
    }
}
