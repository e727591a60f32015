/** What a recovery costs, beside what plain Kafka clients need for the same bytes on the same broker in the same run. */
package io.keepup.bench.recovery;
