package io.keepup.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** A page that points at a file of the project points at one that is there. */
class LinksTest {

    private static final Pattern LINK = Pattern.compile("]\\(([^)#\\s]+)(?:#[^)\\s]*)?\\)");

    @Test
    void every_link_of_a_page_to_a_file_leads_to_one() {
        List<String> broken = new ArrayList<>();
        List<String> followed = new ArrayList<>();
        for (String page : SourceTree.files(path -> path.endsWith(".md"))) {
            Path folder = SourceTree.ROOT.resolve(page).getParent();
            LINK.matcher(SourceTree.text(page)).results().forEach(link -> {
                String target = link.group(1);
                if (target.contains("://")) {
                    return;
                }
                followed.add(target);
                if (!Files.exists(folder.resolve(target))) {
                    broken.add(page + " -> " + target);
                }
            });
        }
        assertThat(followed).isNotEmpty();
        assertThat(broken).isEmpty();
    }
}
