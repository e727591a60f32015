package io.keepup.schemas.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RegistrySettingsTest {

    private static final String URL = "http://127.0.0.1:8081";

    @Test
    void several_urls_a_path_and_kafkas_own_settings_are_taken() {
        RegistrySettings settings = RegistrySettings.of(
                "https://a:8081/apis/ccompat/v7/, http://b", Map.of("ssl.truststore.location", "/kafka's/own"));
        assertThat(settings.urls()).containsExactly("https://a:8081/apis/ccompat/v7", "http://b");
        assertThat(settings.authorization()).isEmpty();
        assertThat(settings.autoRegister()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "localhost:8081", "ftp://a", "http://", "http://a,,http://b", "http://a b"})
    void what_is_no_url_is_refused(String urls) {
        assertThatThrownBy(() -> RegistrySettings.of(urls))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("write it like http://127.0.0.1:8081");
    }

    @Test
    void a_login_in_the_url_is_refused_without_saying_it() {
        assertThatThrownBy(() -> RegistrySettings.of("http://me:pw@a:8081"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("the registry's URL at a holds a login: put it into schema.registry.basic.auth.user.info");
    }

    @ParameterizedTest
    @CsvSource({
        "schema.registry.basic.auth.user, me, there is no setting schema.registry.basic.auth.user:",
        "schema.registry.basic.auth.user.info, me, write user:password",
        "schema.registry.auto.register.schemas, perhaps, cannot be used",
        "schema.registry.ssl.truststore.location, /no/such/file, keys or certificates of schema.registry.ssl.",
    })
    void what_cannot_be_used_is_named(String name, String value, String said) {
        assertThatThrownBy(() -> RegistrySettings.of(URL, Map.of(name, value)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(said);
    }
}
