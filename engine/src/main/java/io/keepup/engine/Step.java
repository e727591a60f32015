package io.keepup.engine;

import io.keepup.engine.message.Command;
import io.keepup.engine.state.VolumeState;
import java.util.List;

/**
 * What one event led to.
 *
 * @param state the next state; the very same object when nothing changed
 * @param commands in the order they must be sent
 * @param projection of the view that folded the event
 */
public record Step(VolumeState state, List<Command> commands, Projection projection) implements Folded {}
