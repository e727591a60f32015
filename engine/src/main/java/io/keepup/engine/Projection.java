package io.keepup.engine;

import io.keepup.engine.word.Mode;

/** Mode, reason and health of one view or volume: derived from state, decides nothing, never an input [E10]. */
public record Projection(Mode mode, String reason, boolean healthy) {}
