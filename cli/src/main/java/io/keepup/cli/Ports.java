package io.keepup.cli;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** A TCP port to listen on: 1 to 65535, or 0 for any free one. */
final class Ports implements ITypeConverter<Integer> {

    private static final int MAX = 65_535;

    @Override
    public Integer convert(String text) {
        if (text.matches("\\d{1,5}") && Integer.parseInt(text) <= MAX) {
            return Integer.valueOf(text);
        }
        throw new TypeConversionException("'" + text + "' is not a port: give 1 to 65535, or 0 for any free one");
    }
}
