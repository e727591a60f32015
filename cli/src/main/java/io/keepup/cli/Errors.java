package io.keepup.cli;

import io.keepup.schemas.topic.Refusal;
import java.io.PrintWriter;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** Every failure of a command becomes one line on stderr and an exit code; the stack trace goes to the log. */
final class Errors {

    private static final Logger LOG = LoggerFactory.getLogger(Errors.class);

    private Errors() {}

    static int wrongUsage(ParameterException e, String[] args) {
        CommandLine command = e.getCommandLine();
        PrintWriter err = command.getErr();
        if (args.length == 0) {
            command.usage(err); // whoever types the bare name wants to know what there is
            return CommandLine.ExitCode.USAGE;
        }
        err.println(
                "keepup: " + oneLine(e) + " (see '" + command.getCommandSpec().qualifiedName() + " --help')");
        CommandLine.UnmatchedArgumentException.printSuggestions(e, err);
        err.flush();
        return CommandLine.ExitCode.USAGE;
    }

    static int failed(Exception e, CommandLine command, ParseResult parsed) {
        LOG.debug("{} failed", command.getCommandName(), e);
        command.getErr()
                .println("keepup: "
                        + Refusal.behind(e)
                                .map(refusal -> refusal.sentence(bootstrap(command)))
                                .orElseGet(() -> oneLine(e)));
        command.getErr().flush();
        return CommandLine.ExitCode.SOFTWARE;
    }

    /** What no code of ours can go on after: a class that does not load, no memory. */
    static int broken(Error e, CommandLine command, String[] args) {
        LOG.debug("{} failed", command.getCommandName(), e);
        command.getErr()
                .println("keepup: cannot run '%s': %s"
                        .formatted(
                                Stream.concat(
                                                Stream.of("keepup"),
                                                Stream.of(args).limit(1))
                                        .collect(Collectors.joining(" ")),
                                oneLine(e)));
        command.getErr().flush();
        return CommandLine.ExitCode.SOFTWARE;
    }

    private static String bootstrap(CommandLine command) {
        OptionSpec option = command.getCommandSpec().findOption("--bootstrap");
        return option == null ? "the cluster" : option.getValue();
    }

    /** The message in one line; an exception without a message is named. */
    static String oneLine(Throwable e) {
        return switch (e) {
            case LinkageError broken ->
                "a part of this build does not load (%s); build or install it again".formatted(firstLine(root(broken)));
            case OutOfMemoryError full ->
                "there is no memory left (%s); give it more, as in KEEPUP_OPTS=-Xmx2g".formatted(full.getMessage());
            default -> firstLine(e);
        };
    }

    private static String firstLine(Throwable e) {
        String message = e.getMessage() == null || e instanceof Error ? e.toString() : e.getMessage();
        return message.lines().findFirst().orElse(e.toString()).strip().replaceFirst("^Error: ", "");
    }

    private static Throwable root(Throwable e) {
        return e.getCause() == null ? e : root(e.getCause());
    }
}
