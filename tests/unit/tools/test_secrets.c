/* A token in a settings file is not left in memory that was freed. */
#include "heap.h"
#include "toml.h"
#include "unit.h"

#include <spectacles/types.h>

static const char token[] = "MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs";

static void a_document_wipes_its_texts(void **state)
{
    static const char text[] = "token = \"MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs\"\n";
    struct toml *toml = NULL;
    struct toml_problem problem;
    (void)state;
    heap_watch(token);
    assert_int_equal(toml_read(&toml, text, sizeof text - 1, &problem), SPECTACLES_OK);
    assert_int_equal(heap_copies(NULL), 1);
    toml_free(toml);
    assert_int_equal(heap_copies(NULL), 0);
    assert_int_equal(heap_left_behind(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_document_wipes_its_texts),
    };
    return cmocka_run_group_tests_name("tools/secrets", tests, NULL, NULL);
}
