/** The engine's state as bytes in the state store: versioned, compact, read for ever. */
package io.keepup.streams.state;
