package io.keepup.bench.simulate.time;

/**
 * Random numbers that follow from a seed and a name alone. What is drawn for one purpose never changes what is drawn for
 * another, so that a plan can lose an item and all the rest stays as it was. Not thread-safe.
 */
public final class Draws {

    private static final long STEP = 0x9e3779b97f4a7c15L;

    private long state;

    public Draws(long seed) {
        this.state = mix(seed);
    }

    /** Draws of their own for a purpose. */
    public static Draws of(long seed, String purpose) {
        return new Draws(mix(seed) ^ hash(purpose));
    }

    /** A number of its own for the {@code n}th thing of a purpose, whenever it is asked for. */
    public static long at(long seed, String purpose, long n) {
        return mix(mix(seed ^ hash(purpose)) + n * STEP);
    }

    /** The {@link #at} of a number as a fraction of one. */
    public static double fraction(long number) {
        return (number >>> 11) * 0x1.0p-53;
    }

    private static long hash(String text) {
        long hash = 0xcbf29ce484222325L;
        for (int i = 0; i < text.length(); i++) {
            hash = (hash ^ text.charAt(i)) * 0x100000001b3L;
        }
        return hash;
    }

    private static long mix(long value) {
        long z = (value ^ value >>> 30) * 0xbf58476d1ce4e5b9L;
        z = (z ^ z >>> 27) * 0x94d049bb133111ebL;
        return z ^ z >>> 31;
    }

    public long next() {
        state += STEP;
        return mix(state);
    }

    /** A number in {@code [0, bound)}. */
    public int below(int bound) {
        return (int) Long.remainderUnsigned(next() >>> 1, bound);
    }

    /** A number in {@code [least, most]}. */
    public long between(long least, long most) {
        return least + Long.remainderUnsigned(next() >>> 1, most - least + 1);
    }

    public boolean chance(double probability) {
        return fraction(next()) < probability;
    }

    /** One of these. */
    @SafeVarargs
    public final <T> T of(T... choices) {
        return choices[below(choices.length)];
    }
}
