/** The committed projections in memory, for everything that shows volumes. */
package io.keepup.streams.view;
