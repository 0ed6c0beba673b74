/* The handle: its settings, the marks of messages, and both kinds of copies in one life. */
#include "unit.h"

#include <spectacles/copies.h>

#define DIGEST "0123456789abcdef0123456789abcdef"

static spectacles_copies *copies;

static spectacles_copies_config config_of(uint32_t remembered, uint64_t seed)
{
    spectacles_copies_config config;
    spectacles_copies_config_init(&config, sizeof config);
    config.remembered = remembered;
    config.seed = seed;
    return config;
}

static int begin(void **state)
{
    (void)state;
    spectacles_copies_config config = config_of(100, 1);
    return spectacles_copies_new(&copies, &config, NULL);
}

static int end(void **state)
{
    (void)state;
    spectacles_copies_free(copies);
    return 0;
}

static spectacles_header integer(const char *key, int64_t value)
{
    return (spectacles_header){
        .type = SPECTACLES_HEADER_INTEGER, .key = key, .key_length = strlen(key), .integer = value};
}

static spectacles_header text(const char *key, const char *value)
{
    return (spectacles_header){.type = SPECTACLES_HEADER_TEXT,
                               .key = key,
                               .key_length = strlen(key),
                               .bytes = (const uint8_t *)value,
                               .bytes_length = strlen(value)};
}

static spectacles_copy_mark mark_of(const char *id, int64_t shards, const char *digest)
{
    const spectacles_header headers[] = {text("x", "y"), integer("shards", shards), text("digest", digest)};
    spectacles_copy_mark mark;
    spectacles_copies_mark(copies, id, id ? strlen(id) : 0, headers, 3, &mark);
    return mark;
}

static int left_out(const char *id, int64_t shards, const char *digest, uint64_t now)
{
    spectacles_copy_mark mark = mark_of(id, shards, digest);
    return spectacles_copies_leave_out(copies, &mark, now);
}

static void wrong_settings_are_named(void **state)
{
    (void)state;
    spectacles_problem problem;
    spectacles_copies *made;
    spectacles_copies_config config = config_of(0, 1);
    assert_int_equal(spectacles_copies_new(&made, &config, &problem), SPECTACLES_E_INVAL);
    assert_string_equal(problem.text, "remembered is not 1 to 4194304");
    config.remembered = SPECTACLES_COPIES_REMEMBERED_MAX + 1;
    assert_int_equal(spectacles_copies_new(&made, &config, NULL), SPECTACLES_E_INVAL);
    config = config_of(1, 0);
    assert_int_equal(spectacles_copies_new(&made, &config, &problem), SPECTACLES_E_INVAL);
    assert_non_null(strstr(problem.text, "spectacles_random_seed()"));
    config.size = 0;
    assert_int_equal(spectacles_copies_new(&made, &config, &problem), SPECTACLES_E_INVAL);
    assert_non_null(strstr(problem.text, "size"));
}

static void a_message_is_a_copy_once_its_work_is_done(void **state)
{
    (void)state;
    spectacles_copy_mark mark, other;
    spectacles_copies_mark(copies, "id", 2, NULL, 0, &mark);
    spectacles_copies_mark(copies, "id", 1, NULL, 0, &other);
    assert_int_equal(spectacles_copies_leave_out(copies, &mark, 1), 0);
    assert_int_equal(spectacles_copies_leave_out(copies, &mark, 1), 0);
    spectacles_copies_add(copies, &mark);
    assert_int_equal(spectacles_copies_leave_out(copies, &mark, 1), 1);
    assert_int_equal(spectacles_copies_leave_out(copies, &other, 1), 0);
}

static void messages_without_an_id_are_never_copies(void **state)
{
    (void)state;
    spectacles_copy_mark mark;
    spectacles_copies_mark(copies, NULL, 0, NULL, 0, &mark);
    spectacles_copies_add(copies, &mark);
    assert_int_equal(spectacles_copies_leave_out(copies, &mark, 1), 0);
}

/* The other number's copy is known before the work is done, for the first message stays in its queue. */
static void both_numbers_bring_an_event_once(void **state)
{
    (void)state;
    assert_int_equal(left_out("a", 4, DIGEST, 1), 0);
    assert_int_equal(left_out("b", 8, DIGEST, 2), 1);
    assert_int_equal(left_out("a", 4, DIGEST, 3), 0); /* the connection was lost, and it comes again */
    assert_int_equal(left_out("b", 8, DIGEST, 4), 1);
    assert_int_equal(left_out("b", 0, "", 90000), 1); /* by its id alone */
}

static void a_clock_that_goes_back_harms_nothing(void **state)
{
    (void)state;
    assert_int_equal(left_out("a", 4, DIGEST, 50000), 0);
    assert_int_equal(left_out("b", 8, DIGEST, 10), 1);
}

static void headers_that_the_relay_does_not_write_are_none(void **state)
{
    (void)state;
    const char *wrong[] = {"", "0123456789abcdef0123456789abcde", "0123456789abcdef0123456789abcdef0",
                           "0123456789ABCDEF0123456789abcdef", "0123456789abcdef0123456789abcdeg"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(mark_of("a", 4, wrong[i]).shards, 0);
    assert_int_equal(mark_of("a", 0, DIGEST).shards, 0);
    assert_int_equal(mark_of("a", -4, DIGEST).shards, 0);
    assert_int_equal(mark_of("a", 4, DIGEST).shards, 4);
    const spectacles_header other[] = {text("shards", "4"), text("digest", DIGEST)};
    spectacles_copy_mark mark;
    spectacles_copies_mark(copies, "a", 1, other, 2, &mark);
    assert_int_equal(mark.shards, 0);
    const spectacles_header short_one[] = {integer("shards", 4)};
    spectacles_copies_mark(copies, "a", 1, short_one, 1, &mark);
    assert_int_equal(mark.shards, 0);
}

/* Which ids are taken for one cannot be known without the seed. */
static void another_seed_gives_other_marks(void **state)
{
    (void)state;
    spectacles_copies_config config = config_of(1, 2);
    spectacles_copies *other;
    spectacles_copy_mark ours, theirs;
    assert_int_equal(spectacles_copies_new(&other, &config, NULL), 0);
    spectacles_copies_mark(copies, "id", 2, NULL, 0, &ours);
    spectacles_copies_mark(other, "id", 2, NULL, 0, &theirs);
    assert_memory_not_equal(&ours, &theirs, sizeof ours);
    spectacles_copies_free(other);
    spectacles_copies_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_settings_are_named),
        cmocka_unit_test_setup_teardown(a_message_is_a_copy_once_its_work_is_done, begin, end),
        cmocka_unit_test_setup_teardown(messages_without_an_id_are_never_copies, begin, end),
        cmocka_unit_test_setup_teardown(both_numbers_bring_an_event_once, begin, end),
        cmocka_unit_test_setup_teardown(a_clock_that_goes_back_harms_nothing, begin, end),
        cmocka_unit_test_setup_teardown(headers_that_the_relay_does_not_write_are_none, begin, end),
        cmocka_unit_test_setup_teardown(another_seed_gives_other_marks, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
