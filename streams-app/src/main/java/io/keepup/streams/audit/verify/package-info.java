/** Holds what is on the topics against what a replay says should be there, record by record. */
package io.keepup.streams.audit.verify;
