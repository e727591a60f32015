package io.keepup.engine;

/** What became of one event: a {@link Step} when it was admitted, else the {@link Admission.Rejected reason why not}. */
public sealed interface Folded permits Step, Admission.Rejected {}
