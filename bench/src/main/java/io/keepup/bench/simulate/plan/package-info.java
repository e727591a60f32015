/** What happens to a history from outside, drawn before it begins, so that it can be told again with less of it. */
package io.keepup.bench.simulate.plan;
