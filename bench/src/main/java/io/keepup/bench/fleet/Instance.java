package io.keepup.bench.fleet;

import io.keepup.streams.KeepupStreams;
import io.keepup.streams.StreamsSettings;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;
import java.util.stream.Collectors;

/**
 * One instance of the Streams app in this process, until it is ended: by SIGTERM in an orderly way. Its one argument is a
 * properties file with the settings.
 */
final class Instance {

    private Instance() {}

    public static void main(String[] arguments) throws IOException {
        Properties properties = new Properties();
        try (Reader reader = Files.newBufferedReader(Path.of(arguments[0]))) {
            properties.load(reader);
        }
        Map<String, String> settings = properties.stringPropertyNames().stream()
                .collect(Collectors.toMap(name -> name, properties::getProperty));
        KeepupStreams app = KeepupStreams.start(StreamsSettings.of(settings));
        Runtime.getRuntime().addShutdownHook(new Thread(app::close));
        app.failure().thenAccept(reason -> Runtime.getRuntime().halt(1));
    }
}
