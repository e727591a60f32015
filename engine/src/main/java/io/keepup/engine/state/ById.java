package io.keepup.engine.state;

import java.util.Arrays;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;

/**
 * A small immutable map from id to value, sorted by id. A volume has a handful of nodes, so a change copies one short
 * array; the order is the same on every machine.
 */
public final class ById<V extends ById.Identified> implements Iterable<V> {

    /** A value that knows its own id; the id never changes. */
    public interface Identified {
        String id();
    }

    private static final ById<?> EMPTY = new ById<>(new Identified[0]);

    private final Identified[] values;

    private ById(Identified[] values) {
        this.values = values;
    }

    @SuppressWarnings("unchecked") // it holds nothing
    public static <V extends Identified> ById<V> empty() {
        return (ById<V>) EMPTY;
    }

    /**
     * All values, in any order.
     *
     * @throws IllegalArgumentException when two have the same id
     */
    public static <V extends Identified> ById<V> of(List<V> values) {
        Identified[] sorted = values.toArray(new Identified[0]);
        Arrays.sort(sorted, Comparator.comparing(Identified::id));
        for (int i = 1; i < sorted.length; i++) {
            if (sorted[i - 1].id().equals(sorted[i].id())) {
                throw new IllegalArgumentException("id " + sorted[i].id() + " stands twice");
            }
        }
        return new ById<>(sorted);
    }

    public int size() {
        return values.length;
    }

    public boolean isEmpty() {
        return values.length == 0;
    }

    /** The value at that place of the order, 0 … size - 1. */
    @SuppressWarnings("unchecked") // only values of V ever come in
    public V at(int index) {
        return (V) values[index];
    }

    /** The value with this id, or null. */
    public V get(String id) {
        int index = indexOf(id);
        return index < 0 ? null : at(index);
    }

    public boolean contains(String id) {
        return indexOf(id) >= 0;
    }

    /** A map with this value in the place of the one that has its id, or beside the others. */
    public ById<V> with(V value) {
        int index = indexOf(value.id());
        if (index >= 0) {
            if (values[index] == value) {
                return this;
            }
            Identified[] copy = values.clone();
            copy[index] = value;
            return new ById<>(copy);
        }
        int place = placeFor(value.id());
        Identified[] copy = new Identified[values.length + 1];
        System.arraycopy(values, 0, copy, 0, place);
        copy[place] = value;
        System.arraycopy(values, place, copy, place + 1, values.length - place);
        return new ById<>(copy);
    }

    /** Goes through all: for a handful, equality beats halving by order, most of all when the id is the same object. */
    private int indexOf(String id) {
        for (int i = 0; i < values.length; i++) {
            if (values[i].id().equals(id)) {
                return i;
            }
        }
        return -1;
    }

    /** Where an id belongs that is not there yet. */
    private int placeFor(String id) {
        int place = 0;
        while (place < values.length && values[place].id().compareTo(id) < 0) {
            place++;
        }
        return place;
    }

    @Override
    @SuppressWarnings("unchecked") // only values of V ever come in
    public Iterator<V> iterator() {
        return (Iterator<V>) Arrays.asList(values).iterator();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ById<?> that && Arrays.equals(values, that.values);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(values);
    }

    @Override
    public String toString() {
        return Arrays.toString(values);
    }
}
