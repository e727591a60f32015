/** The protocol's closed vocabularies, each constant with its one word on the wire. */
package io.keepup.engine.word;
