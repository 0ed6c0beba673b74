/* No token and no password of the settings is left in memory that was freed. */
#include "heap.h"
#include "memory.h"
#include "toml.h"
#include "unit.h"

#include <spectacles/types.h>

static void a_document_wipes_its_texts(void **state)
{
    static const char text[] = "token = \"" MEMORY_TOKEN "\"\n";
    struct toml *toml = NULL;
    struct toml_problem problem;
    (void)state;
    heap_watch(MEMORY_TOKEN);
    assert_int_equal(toml_read(&toml, text, sizeof text - 1, &problem), SPECTACLES_OK);
    assert_int_equal(heap_copies(NULL), 1);
    toml_free(toml);
    assert_int_equal(heap_copies(NULL), 0);
    assert_int_equal(heap_left_behind(), 0);
}

/* The environment of a process holds what it holds; everything else is wiped. Here the secrets are in files. */
static void settings_wipe_their_secrets(void **state)
{
    static const char *const secrets[] = {MEMORY_TOKEN, MEMORY_PASSWORD};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct memory memory = {0};
        struct settings settings;
        struct problems problems = {0};
        memory_set(&memory, "DISCORD_TOKEN_FILE=/token");
        memory_add_file(&memory, "/token", MEMORY_TOKEN "\n", 0);
        memory_add_file(&memory, "gateway.toml", "[amqp]\nurl = \"amqp://me:" MEMORY_PASSWORD "@rabbit\"\n",
                        0);
        heap_watch(secrets[i]);
        assert_int_equal(memory_read(&memory, &settings, &problems), 0);
        assert_true(heap_copies(NULL) > 0);
        problems_free(&problems);
        settings_free(&settings);
        assert_int_equal(heap_copies(NULL), 0);
        assert_int_equal(heap_left_behind(), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_document_wipes_its_texts),
        cmocka_unit_test(settings_wipe_their_secrets),
    };
    return cmocka_run_group_tests_name("tools/secrets", tests, NULL, NULL);
}
