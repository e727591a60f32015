package io.keepup.bench.simulate.hole;

import static net.bytebuddy.matcher.ElementMatchers.named;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import net.bytebuddy.ByteBuddy;
import net.bytebuddy.agent.ByteBuddyAgent;
import net.bytebuddy.asm.Advice;
import net.bytebuddy.dynamic.DynamicType;
import net.bytebuddy.dynamic.loading.ClassReloadingStrategy;

/** A rule of the protocol switched off in this JVM, by redefining the methods that carry it, until it is closed. */
final class Hole {

    /**
     * One method that carries a rule.
     *
     * @param carrier name of its class
     * @param instead what it does while the rule is off: a class of {@link Advice}
     */
    record Rule(String carrier, String method, Class<?> instead) {}

    private final ClassReloadingStrategy reloading;
    private final List<Class<?>> changed = new ArrayList<>();

    /** @throws IllegalArgumentException when a rule is not where it is said to be; nothing is switched off then */
    Hole(Rule... rules) {
        ByteBuddyAgent.install();
        reloading = ClassReloadingStrategy.fromInstalledAgent(ClassReloadingStrategy.Strategy.REDEFINITION);
        for (String carrier : Arrays.stream(rules).map(Rule::carrier).distinct().toList()) {
            Class<?> type = type(carrier);
            DynamicType.Builder<?> builder = new ByteBuddy().redefine(type);
            for (Rule rule : rules) {
                if (rule.carrier.equals(carrier)) {
                    requireMethod(type, rule.method);
                    builder = builder.visit(Advice.to(rule.instead).on(named(rule.method)));
                }
            }
            builder.make().load(type.getClassLoader(), reloading);
            changed.add(type);
        }
    }

    private static Class<?> type(String name) {
        try {
            return Class.forName(name);
        } catch (ClassNotFoundException e) {
            throw new IllegalArgumentException("the rule has moved: there is no " + name, e);
        }
    }

    private static void requireMethod(Class<?> type, String name) {
        if (Arrays.stream(type.getDeclaredMethods()).map(Method::getName).noneMatch(name::equals)) {
            throw new IllegalArgumentException("the rule has moved: %s has no %s".formatted(type, name));
        }
    }

    void close() {
        for (Class<?> type : changed) {
            try {
                reloading.reset(type);
            } catch (IOException e) {
                throw new UncheckedIOException(type + " cannot be put back: its class file is not readable", e);
            }
        }
    }
}
