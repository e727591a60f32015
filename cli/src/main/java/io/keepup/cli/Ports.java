package io.keepup.cli;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** A TCP port to listen on: 1 to 65535, or 0 for any free one. */
final class Ports implements ITypeConverter<Integer> {

    private static final int MAX = 65_535;

    /**
     * Finds out whether a port on loopback can be had, before anything is started for it.
     *
     * @param what will listen there, for the message
     * @throws Failure when it is taken, or not for this user
     */
    static void requireFree(int port, String what, String option) {
        try (ServerSocket socket = new ServerSocket()) {
            socket.bind(new InetSocketAddress("127.0.0.1", port));
        } catch (IOException e) {
            throw new Failure(
                    "port %s for the %s cannot be had (%s): stop the program that has it, or choose another one with %s"
                            .formatted(port, what, e.getMessage(), option),
                    e);
        }
    }

    @Override
    public Integer convert(String text) {
        if (text.matches("\\d{1,5}") && Integer.parseInt(text) <= MAX) {
            return Integer.valueOf(text);
        }
        throw new TypeConversionException("'" + text + "' is not a port: give 1 to 65535, or 0 for any free one");
    }
}
