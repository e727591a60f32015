package io.keepup.bench.recovery;

/** Figures with as many digits as they are worth. */
final class Figures {

    private Figures() {}

    static double round(double value, int digits) {
        double scale = Math.pow(10, digits);
        return Math.round(value * scale) / scale;
    }
}
