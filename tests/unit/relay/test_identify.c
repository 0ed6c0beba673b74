#include "core/list.h"
#include "relay/identify.h"
#include "unit.h"

#include <spectacles/types.h>

enum {
    DAY = 86400000,
    SHARDS = 8
};

/* Shards 0 to 7, with room for each in its bucket. */
typedef struct scene {
    sp_identify identify;
    sp_timer turns[SHARDS];
} scene;

static void begin(scene *self, uint32_t concurrency)
{
    memset(self, 0, sizeof *self);
    assert_int_equal(sp_identify_init(&self->identify, concurrency, SHARDS, 5000), 0);
    for (uint32_t i = 0; i < SHARDS; i++)
        assert_int_equal(sp_identify_reserve(&self->identify, i), 0);
}

static void wait_for_turn(scene *self, uint32_t id)
{
    sp_identify_wait(&self->identify, id, &self->turns[id]);
}

/* The shard that identifies now; -1: none may. */
static int identify_one(scene *self, uint64_t now)
{
    sp_timer *turn = sp_identify_next(&self->identify, now);
    if (!turn)
        return -1;
    uint32_t id = (uint32_t)(turn - self->turns);
    sp_identify_leave(&self->identify, id, turn);
    sp_identify_take(&self->identify, id, now);
    return (int)id;
}

static void buckets_take_turns(void **state)
{
    scene self;
    (void)state;
    begin(&self, 2);
    wait_for_turn(&self, 2);
    wait_for_turn(&self, 0);
    wait_for_turn(&self, 1);
    int first = identify_one(&self, 1000);
    int second = identify_one(&self, 1000);
    assert_int_equal(first + second, 1); /* 0 and 1, one of each bucket, and 0 before 2 */
    assert_int_equal(identify_one(&self, 5999), -1);
    assert_true(sp_identify_deadline(&self.identify) == 6000);
    assert_int_equal(identify_one(&self, 6000), 2);
    assert_true(sp_identify_deadline(&self.identify) == SPECTACLES_NEVER);
    sp_identify_free(&self.identify);
}

static void shards_of_a_bucket_start_in_the_order_of_their_ids(void **state)
{
    scene self;
    (void)state;
    begin(&self, 1);
    for (uint32_t i = 0; i < SHARDS; i++)
        wait_for_turn(&self, SHARDS - 1 - i);
    sp_identify_leave(&self.identify, 3, &self.turns[3]);
    for (int i = 0; i < SHARDS; i++) {
        if (i != 3)
            assert_int_equal(identify_one(&self, (uint64_t)i * 5000), i);
        else
            assert_int_equal(identify_one(&self, (uint64_t)i * 5000 - 1), -1);
    }
    sp_identify_free(&self.identify);
}

static void more_buckets_than_shards_are_one_for_each_shard(void **state)
{
    scene self;
    (void)state;
    begin(&self, 65536);
    for (uint32_t i = 0; i < SHARDS; i++)
        wait_for_turn(&self, i);
    for (int i = 0; i < SHARDS; i++)
        assert_true(identify_one(&self, 1000) >= 0);
    sp_identify_free(&self.identify);
}

/* Two are left until 100000; then there are 1000 again, for a day. */
static void the_limit_is_never_overrun(void **state)
{
    scene self;
    (void)state;
    begin(&self, 1);
    sp_identify_limit(&self.identify, 1000, 2, 100000);
    for (uint32_t i = 0; i < 4; i++)
        wait_for_turn(&self, i);
    assert_int_equal(identify_one(&self, 0), 0);
    assert_int_equal(identify_one(&self, 5000), 1);
    assert_true(sp_identify_exhausted(&self.identify, 5001));
    assert_int_equal(identify_one(&self, 99999), -1);
    assert_true(sp_identify_deadline(&self.identify) == 100000);
    assert_ptr_equal(sp_identify_first(&self.identify), &self.turns[2]);
    assert_int_equal(identify_one(&self, 100000), 2);
    assert_int_equal(self.identify.remaining, 999);
    assert_int_equal(self.identify.reset_at, 100000 + DAY);
    assert_true(sp_identify_deadline(&self.identify) == 105000);
    sp_identify_free(&self.identify);
}

static void none_at_all(void **state)
{
    scene self;
    (void)state;
    begin(&self, 1);
    sp_identify_limit(&self.identify, 1000, 0, SPECTACLES_NEVER);
    wait_for_turn(&self, 5);
    assert_true(sp_identify_exhausted(&self.identify, 12345));
    assert_int_equal(identify_one(&self, 12345), -1);
    assert_true(sp_identify_deadline(&self.identify) == SPECTACLES_NEVER);
    sp_identify_free(&self.identify);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(buckets_take_turns),
        cmocka_unit_test(shards_of_a_bucket_start_in_the_order_of_their_ids),
        cmocka_unit_test(more_buckets_than_shards_are_one_for_each_shard),
        cmocka_unit_test(the_limit_is_never_overrun),
        cmocka_unit_test(none_at_all),
    };
    return cmocka_run_group_tests_name("relay/identify", tests, NULL, NULL);
}
