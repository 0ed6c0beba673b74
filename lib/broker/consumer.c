/*
 * Consumer tags: how a consumer's id becomes the tag on the wire, and back. Called by topology.c, which writes
 * tags, and by receive.c, setup.c and content.c, which read those that the broker sends.
 */
#include "broker/consumer.h"

#include "core/buffer.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>

uint64_t sp_consumer_id(uint32_t subscription, uint32_t round)
{
    return (uint64_t)subscription << 32 | round;
}

uint32_t sp_consumer_subscription(uint64_t id)
{
    return (uint32_t)(id >> 32);
}

uint32_t sp_consumer_round(uint64_t id)
{
    return (uint32_t)id;
}

void sp_consumer_write_tag(char out[SP_CONSUMER_TAG_ROOM], uint64_t id)
{
    snprintf(out, SP_CONSUMER_TAG_ROOM, "s%" PRIu32 ".%" PRIu32, sp_consumer_subscription(id),
             sp_consumer_round(id));
}

/* Reads a number of 1 to 10 digits at the front of the text, and removes it from the text. */
static bool read_number(sp_slice *text, uint32_t *number)
{
    uint64_t value = 0;
    size_t digits = 0;
    while (digits < text->length && digits < 10 && text->bytes[digits] >= '0' && text->bytes[digits] <= '9')
        value = value * 10 + (uint64_t)(text->bytes[digits++] - '0');
    if (digits == 0 || value > UINT32_MAX)
        return false;
    *number = (uint32_t)value;
    *text = (sp_slice){text->bytes + digits, text->length - digits};
    return true;
}

static bool read_char(sp_slice *text, uint8_t wanted)
{
    if (text->length == 0 || *text->bytes != wanted)
        return false;
    *text = (sp_slice){text->bytes + 1, text->length - 1};
    return true;
}

uint64_t sp_consumer_read_tag(amqp_bytes_t tag)
{
    sp_slice text = {tag.bytes, tag.len};
    uint32_t subscription;
    uint32_t round;
    if (!read_char(&text, 's') || !read_number(&text, &subscription) || !read_char(&text, '.') ||
        !read_number(&text, &round) || text.length > 0)
        return SP_CONSUMER_NONE;
    return sp_consumer_id(subscription, round);
}
