package io.keepup.engine.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class ByIdTest {

    private record Item(String id, int value) implements ById.Identified {}

    @Test
    void itBehavesAsASortedMapWhoseEarlierVersionsNeverChange() {
        Random random = new Random(7);
        TreeMap<String, Item> model = new TreeMap<>();
        ById<Item> map = ById.empty();
        for (int i = 0; i < 500; i++) {
            ById<Item> before = map;
            List<Item> held = new ArrayList<>();
            before.forEach(held::add);
            Item item = new Item("n" + random.nextInt(30), i);

            map = map.with(item);
            model.put(item.id(), item);

            assertThat(map).containsExactlyElementsOf(model.values());
            assertThat(before).containsExactlyElementsOf(held);
            assertThat(map.get(item.id())).isSameAs(item);
            assertThat(map.contains("m" + i)).isFalse();
            assertThat(map).isEqualTo(ById.of(new ArrayList<>(model.values()))).hasSize(map.size());
        }
    }

    @Test
    void theSameValueAgainIsTheSameMap() {
        Item item = new Item("a", 1);
        ById<Item> map = ById.<Item>empty().with(item);

        assertThat(map.with(item)).isSameAs(map);
        assertThat(map.with(new Item("a", 1))).isEqualTo(map).hasSameHashCodeAs(map);
        assertThat(map.with(new Item("a", 2))).isNotEqualTo(map);
    }

    @Test
    void ofSortsAndRefusesAnIdThatStandsTwice() {
        assertThat(ById.of(List.of(new Item("b", 1), new Item("a", 2))))
                .extracting(Item::id)
                .containsExactly("a", "b");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ById.of(List.of(new Item("a", 1), new Item("a", 2))))
                .withMessageContaining("a");
    }
}
