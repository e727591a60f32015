/** The events folded once more: to tell what became of each, and to prove that the topics hold what follows from them. */
package io.keepup.streams.audit;
