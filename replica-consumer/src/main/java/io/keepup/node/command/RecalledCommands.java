package io.keepup.node.command;

import io.keepup.v1.ApplyRole;
import io.keepup.v1.ConfigureShipper;
import io.keepup.v1.Meta;
import io.keepup.v1.Role;
import io.keepup.v1.StartReceiver;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.avro.specific.SpecificRecord;

/**
 * What a node was last told of each volume, folded from all its commands: the newest role and what followed it in the
 * same epoch. A node whose volume directory is gone needs it once more, since executed commands are not sent again.
 */
final class RecalledCommands {

    /** A command and where it stands on its topic. */
    record Recalled(long offset, SpecificRecord command) {}

    private final Map<String, List<Recalled>> lastOfVolume = new LinkedHashMap<>();

    /** Takes the node's commands in the order of the topic. */
    void take(long offset, SpecificRecord command) {
        switch (command) {
            case ApplyRole role -> {
                List<Recalled> begin = new ArrayList<>(List.of(new Recalled(offset, role)));
                lastOfVolume.merge(
                        role.getMeta().getVolumeId(),
                        begin,
                        (known, next) -> epochOf(known) <= role.getMeta().getEpoch() ? next : known);
            }
            case ConfigureShipper configure -> follow(configure.getMeta(), offset, configure);
            case StartReceiver start -> follow(start.getMeta(), offset, start);
            default -> {
                // says nothing about a role
            }
        }
    }

    private void follow(Meta meta, long offset, SpecificRecord command) {
        List<Recalled> known = lastOfVolume.get(meta.getVolumeId());
        if (known != null && epochOf(known) == meta.getEpoch()) {
            known.add(new Recalled(offset, command));
        }
    }

    /** The epoch that the commands of one volume were given in. */
    static long epochOf(List<Recalled> known) {
        return ((ApplyRole) known.get(0).command()).getMeta().getEpoch();
    }

    /** Volumes by id with their commands, the role first. */
    Map<String, List<Recalled>> all() {
        return lastOfVolume;
    }

    /** The role that the commands of one volume begin with. */
    static Role role(List<Recalled> commands) {
        return ((ApplyRole) commands.get(0).command()).getRole();
    }
}
