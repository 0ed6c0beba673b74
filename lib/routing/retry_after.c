/*
 * How long a server asks its clients to wait. The shard calls it for the answer to its upgrade, and the reader of
 * GET /gateway/bot.
 */
#include "routing/retry_after.h"

#include "codec/json.h"
#include "codec/number.h"

#include <string.h>

/* Seconds in milliseconds, rounded up. */
static uint64_t milliseconds(double seconds)
{
    if (!(seconds > 0))
        return 0;
    if (seconds * 1000 >= (double)SP_RETRY_AFTER_MAX)
        return SP_RETRY_AFTER_MAX;
    uint64_t whole = (uint64_t)(seconds * 1000);
    return (double)whole < seconds * 1000 ? whole + 1 : whole;
}

/* The milliseconds of a checked JSON value; 0 when it is no number. */
static uint64_t of_number(sp_slice value)
{
    return sp_json_type(value) == SP_JSON_NUMBER ? milliseconds(sp_number_real(value)) : 0;
}

uint64_t sp_retry_after_header(sp_slice value)
{
    sp_slice number;
    return sp_json_check(value, &number, NULL) == SPECTACLES_OK ? of_number(number) : 0;
}

/* The text from the first brace to the last one. */
static sp_slice object_in(sp_slice body)
{
    const uint8_t *first = body.length > 0 ? memchr(body.bytes, '{', body.length) : NULL;
    size_t end = body.length;
    while (end > 0 && body.bytes[end - 1] != '}')
        end--;
    if (!first || end <= (size_t)(first - body.bytes))
        return (sp_slice){NULL, 0};
    return (sp_slice){first, end - (size_t)(first - body.bytes)};
}

uint64_t sp_retry_after_body(sp_slice body)
{
    sp_slice object;
    sp_slice value;
    if (sp_json_check(object_in(body), &object, NULL) != SPECTACLES_OK ||
        sp_json_type(object) != SP_JSON_OBJECT || sp_json_find(object, "retry_after", &value) != 1)
        return 0;
    return of_number(value);
}
