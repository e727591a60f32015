/** What an audit prints: what became of each event, why a session was, and what differs from what should be. */
package io.keepup.cli.audit;
