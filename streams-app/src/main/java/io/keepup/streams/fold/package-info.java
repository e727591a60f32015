/** The fold: bytes of one event in; state, commands, projection or a rejected record out, in one transaction. Decide first, then write. */
package io.keepup.streams.fold;
