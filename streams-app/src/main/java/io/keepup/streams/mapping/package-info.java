/** Between the records on the wire ({@code io.keepup.v1}) and the engine's own types; the only place that knows both. */
package io.keepup.streams.mapping;
