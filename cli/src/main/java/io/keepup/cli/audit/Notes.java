package io.keepup.cli.audit;

import io.keepup.schemas.topic.TopicSpec;
import io.keepup.schemas.topic.Topics;
import io.keepup.streams.audit.verify.Account;
import io.keepup.streams.audit.verify.Tally;
import io.keepup.streams.audit.verify.Verification;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** What a reader has to know of a comparison that is not of the whole. */
final class Notes {

    private static final Set<String> COMPACTED = Topics.shared().stream()
            .filter(t -> t.cleanup() == TopicSpec.Cleanup.COMPACT)
            .map(TopicSpec::name)
            .collect(Collectors.toUnmodifiableSet());

    private Notes() {}

    static List<String> of(List<Verification> parts, List<String> more) {
        List<String> notes = new ArrayList<>(more);
        long compacted = 0;
        long aged = 0;
        for (Verification part : parts) {
            if (part.extent().begin() > 0) {
                notes.add(String.format(
                        Locale.ROOT,
                        "events of partition %d before offset %,d were deleted: a volume that is older cannot be replayed",
                        part.extent().partition(),
                        part.extent().begin()));
            }
            for (Account account : part.accounts()) {
                for (Map.Entry<String, Tally> tally : account.topics().entrySet()) {
                    boolean isCompacted = COMPACTED.contains(tally.getKey());
                    compacted += isCompacted ? tally.getValue().gone() : 0;
                    aged += isCompacted ? 0 : tally.getValue().gone();
                }
            }
        }
        if (compacted > 0) {
            notes.add(String.format(
                    Locale.ROOT,
                    "compaction took %,d records: of each key the newest was compared, and what else remains",
                    compacted));
        }
        if (aged > 0) {
            notes.add(String.format(
                    Locale.ROOT, "retention took %,d records: compared from the first on that remains", aged));
        }
        return notes;
    }
}
