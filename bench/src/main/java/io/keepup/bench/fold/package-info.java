/** The Streams app on the embedded broker: how fast it folds, how soon a decision is seen, what kills and moves do to it. */
package io.keepup.bench.fold;
