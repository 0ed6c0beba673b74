/* The lists of all settings that the program writes: each setting is in each list, with what it may be. */
#include "page.h"

#include "manual.h"
#include "unit.h"

#include <ctype.h>

static char *written(void (*write)(FILE *out))
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    write(out);
    assert_int_equal(fclose(out), 0);
    assert_true(length > 1000);
    return text;
}

static bool has(const char *text, const char *name)
{
    return strstr(text, name) != NULL;
}

static void every_setting_is_in_every_list(void **state)
{
    char *lists[] = {written(page_text), written(page_markdown), written(manual_write)};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        for (int id = 0; id < SETTING_COUNT; id++) {
            if (!has(lists[i], setting_of((enum setting_id)id)->name))
                fail_msg("%s is not in list %zu", setting_of((enum setting_id)id)->name, i);
        }
    }
    /* Each word that a setting takes. */
    const char *const *words = setting_of(SETTING_DECLARE)->words;
    for (size_t i = 0; words[i]; i++)
        assert_true(has(lists[0], words[i]) && has(lists[1], words[i]) && has(lists[2], words[i]));
    for (size_t i = 0; i < 3; i++)
        free(lists[i]);
}

/* roff takes a line that begins with a dot or an apostrophe for a command. */
static void no_line_of_the_manual_is_a_command_by_accident(void **state)
{
    char *text = written(manual_write);
    (void)state;
    for (const char *line = text; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
        assert_true(*line != '\'');
        if (*line == '.' && !isalpha((unsigned char)line[1]) && line[1] != '\\')
            fail_msg("a line begins with: %.20s", line);
    }
    free(text);
}

static void a_default_is_shown_for_people(void **state)
{
    (void)state;
    assert_string_equal(page_fallback(setting_of(SETTING_GROUP)), "gateway");
    assert_non_null(page_fallback(setting_of(SETTING_TOKEN)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_setting_is_in_every_list),
        cmocka_unit_test(no_line_of_the_manual_is_a_command_by_accident),
        cmocka_unit_test(a_default_is_shown_for_people),
    };
    return cmocka_run_group_tests_name("tools/page", tests, NULL, NULL);
}
