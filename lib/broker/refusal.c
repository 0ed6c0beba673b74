#include "broker/refusal.h"

#include "core/buffer.h"

#include <string.h>

static sp_slice slice_of(amqp_bytes_t bytes)
{
    return (sp_slice){bytes.bytes, bytes.len};
}

/* Where the words begin; SIZE_MAX when they do not stand there. */
static size_t find(sp_slice text, const char *words)
{
    size_t length = strlen(words);
    for (size_t i = 0; i + length <= text.length; i++) {
        if (memcmp(text.bytes + i, words, length) == 0)
            return i;
    }
    return SIZE_MAX;
}

/* What stands before the words, and what behind them. */
static bool split(sp_slice text, const char *words, sp_slice *before, sp_slice *behind)
{
    size_t at = find(text, words);
    if (at == SIZE_MAX)
        return false;
    size_t end = at + strlen(words);
    *before = (sp_slice){text.bytes, at};
    *behind = (sp_slice){text.bytes + end, text.length - end};
    return true;
}

/* "none", "'true'", or "the value '1000' of type 'long'": the value is what matters. */
static void add_value(sp_text *out, sp_slice value)
{
    static const char words[] = "the value ";
    sp_slice rest;
    split(value, " of type '", &value, &rest);
    if (value.length >= sizeof words - 1 && memcmp(value.bytes, words, sizeof words - 1) == 0) {
        value.bytes += sizeof words - 1;
        value.length -= sizeof words - 1;
    }
    sp_text_add_foreign(out, value.bytes, value.length, 64);
}

bool sp_refusal_differs(sp_text *out, amqp_bytes_t reply)
{
    sp_slice rest = slice_of(reply);
    sp_slice skipped;
    sp_slice argument;
    sp_slice wanted;
    if (!split(rest, "inequivalent arg '", &skipped, &rest) || !split(rest, "' for ", &argument, &rest) ||
        !split(rest, "' in vhost '", &skipped, &rest) || !split(rest, "': received ", &skipped, &rest) ||
        !split(rest, " but current is ", &wanted, &rest) || rest.length == 0)
        return false;
    sp_text_add(out, "in '");
    sp_text_add_foreign(out, argument.bytes, argument.length, 64);
    sp_text_add(out, "': it has ");
    add_value(out, rest);
    sp_text_add(out, ", and ");
    add_value(out, wanted);
    sp_text_add(out, " is asked for");
    return true;
}
