/** What is counted and measured, under names that begin with {@code keepup}. */
package io.keepup.streams.metrics;
