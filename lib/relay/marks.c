/*
 * Marks of dispatches: which set of shards has brought it, and what it is, whichever session brings it. Called by
 * dispatches.c while a bot goes from one number of shards to another.
 */
#include "relay/marks.h"

#include <string.h>

/* A hash of the name and of a hash of the body: so that nothing has to be copied together. */
static int digest(const spectacles_shard_event *event, char out[SP_DIGEST_TEXT_LENGTH + 1])
{
    uint8_t text[SP_SHA256_LENGTH + SPECTACLES_ROUTE_MAX];
    size_t length = event->name_length < SPECTACLES_ROUTE_MAX ? event->name_length : SPECTACLES_ROUTE_MAX;
    if (sp_digest_sha256((sp_slice){event->data, event->data_length}, text) != SPECTACLES_OK)
        return SPECTACLES_E_NOMEM;
    memcpy(text + SP_SHA256_LENGTH, event->name, length);
    return sp_digest_text((sp_slice){text, SP_SHA256_LENGTH + length}, out);
}

int sp_marks_fill(const spectacles_relay *relay, const spectacles_shard_event *event, sp_marks *out)
{
    int error = digest(event, out->digest);
    out->headers[0] = (spectacles_header){
        .type = SPECTACLES_HEADER_INTEGER, .key = "shards", .key_length = 6, .integer = relay->shard_count};
    out->headers[1] = (spectacles_header){.type = SPECTACLES_HEADER_TEXT,
                                          .key = "digest",
                                          .key_length = 6,
                                          .bytes = (const uint8_t *)out->digest,
                                          .bytes_length = SP_DIGEST_TEXT_LENGTH};
    return error;
}
