/** Consumers that survive whatever is on a topic: a bounded part is kept of a record that is too large to be one of ours. */
package io.keepup.schemas.consumer;
