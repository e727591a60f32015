/** What it takes to prove everything the fold wrote, in a process of its own with little memory. */
package io.keepup.bench.audit;
