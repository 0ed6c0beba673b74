#include "core/buffer.h"
#include "unit.h"

static void writes_what_it_reads(void **state)
{
    (void)state;
    sp_buffer buffer = {0};
    sp_buffer_u8(&buffer, 0xab);
    sp_buffer_u16(&buffer, 0x0102);
    sp_buffer_u32(&buffer, 0x03040506);
    sp_buffer_u64(&buffer, UINT64_C(0x0708090a0b0c0d0e));
    sp_buffer_decimal(&buffer, UINT64_MAX);
    sp_buffer_decimal(&buffer, 0);
    assert_int_equal(sp_buffer_failed(&buffer), SPECTACLES_OK);

    sp_reader reader = sp_reader_of(sp_buffer_slice(&buffer));
    assert_int_equal(sp_reader_u8(&reader), 0xab);
    assert_int_equal(sp_reader_u16(&reader), 0x0102);
    assert_int_equal(sp_reader_u32(&reader), 0x03040506);
    assert_true(sp_reader_u64(&reader) == UINT64_C(0x0708090a0b0c0d0e));
    sp_slice digits = sp_reader_take(&reader, 21);
    assert_memory_equal(digits.bytes, "184467440737095516150", 21);
    assert_int_equal(sp_reader_left(&reader), 0);
    assert_false(reader.failed);
    sp_buffer_free(&buffer);
}

static void reader_stops_at_the_end(void **state)
{
    (void)state;
    const uint8_t bytes[3] = {1, 2, 3};
    sp_reader reader = sp_reader_of((sp_slice){bytes, sizeof bytes});
    assert_int_equal(sp_reader_u32(&reader), 0);
    assert_true(reader.failed);
    assert_int_equal(sp_reader_u8(&reader), 0);
    assert_int_equal(sp_reader_take(&reader, SIZE_MAX).length, 0);
    assert_int_equal(sp_reader_left(&reader), 0);
}

static void memory_follows_what_is_held(void **state)
{
    (void)state;
    sp_buffer buffer = {0};
    uint8_t chunk[1000];
    memset(chunk, 7, sizeof chunk);
    for (int i = 0; i < 10000; i++) {
        assert_int_equal(sp_buffer_append(&buffer, chunk, sizeof chunk), SPECTACLES_OK);
        if (i > 2)
            sp_buffer_consume(&buffer, sizeof chunk);
    }
    assert_int_equal(sp_buffer_length(&buffer), 3 * sizeof chunk);
    assert_true(buffer.capacity <= 16 * sizeof chunk);
    sp_buffer_consume(&buffer, 3 * sizeof chunk);
    sp_buffer_shrink(&buffer, 100);
    assert_null(buffer.bytes);
}

static void order_survives_sliding(void **state)
{
    (void)state;
    sp_buffer buffer = {0};
    uint8_t next = 0;
    uint8_t expected = 0;
    for (int round = 0; round < 5000; round++) {
        for (int i = 0; i < round % 7; i++)
            sp_buffer_u8(&buffer, next++);
        for (int i = 0; i < round % 5 && sp_buffer_length(&buffer) > 0; i++) {
            assert_int_equal(sp_buffer_slice(&buffer).bytes[0], expected++);
            sp_buffer_consume(&buffer, 1);
        }
    }
    sp_buffer_free(&buffer);
}

static void impossible_sizes_fail(void **state)
{
    (void)state;
    sp_buffer buffer = {0};
    sp_buffer_text(&buffer, "kept");
    assert_null(sp_buffer_reserve(&buffer, SIZE_MAX - 2));
    assert_int_equal(sp_buffer_failed(&buffer), SPECTACLES_E_NOMEM);
    assert_null(sp_buffer_reserve(&buffer, SIZE_MAX / 2 + 2));
    assert_int_equal(sp_buffer_length(&buffer), 4);
    sp_buffer_clear(&buffer);
    assert_int_equal(sp_buffer_failed(&buffer), SPECTACLES_OK);
    sp_buffer_free(&buffer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_what_it_reads),        cmocka_unit_test(reader_stops_at_the_end),
        cmocka_unit_test(memory_follows_what_is_held), cmocka_unit_test(order_survives_sliding),
        cmocka_unit_test(impossible_sizes_fail),
    };
    return cmocka_run_group_tests_name("core/buffer", tests, NULL, NULL);
}
