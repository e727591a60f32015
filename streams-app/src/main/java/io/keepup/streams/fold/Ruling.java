package io.keepup.streams.fold;

import io.keepup.engine.Step;
import io.keepup.engine.message.Event;
import io.keepup.engine.state.VolumeState;
import io.keepup.v1.RejectReason;
import org.apache.avro.specific.SpecificRecord;

/** What a record of the events topic comes to, before anything is put in words for other topics. */
public sealed interface Ruling {

    SourceRecord record();

    /** What the record says, as it was decoded; null when that could not be made out. */
    SpecificRecord said();

    /** The record was folded; {@code step.state()} is {@code before} itself when nothing changed. */
    record Admitted(SourceRecord record, SpecificRecord said, Event event, VolumeState before, Step step)
            implements Ruling {}

    /** The record was refused and changed nothing; the detail is one sentence. */
    record Refused(SourceRecord record, SpecificRecord said, RejectReason reason, String detail) implements Ruling {}
}
