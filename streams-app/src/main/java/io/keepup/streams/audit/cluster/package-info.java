/** The topics of a running cluster, as an audit reads them. */
package io.keepup.streams.audit.cluster;
