/* Headers of messages, as the fakes keep and give them. */
#include "fakes.h"

#include <stdio.h>

void fake_guild_last(spectacles_broker *broker, uint64_t guild_id)
{
    static spectacles_header header = {
        .type = SPECTACLES_HEADER_INTEGER, .key = "guild", .key_length = sizeof "guild" - 1};
    fake_queue *queue = &broker->queue;
    assert_true(queue->count > 0);
    spectacles_broker_event *last = &queue->events[(queue->first + queue->count - 1) % FAKE_EVENTS].broker;
    header.integer = (int64_t)guild_id;
    last->headers = &header;
    last->header_count = 1;
}

const spectacles_header *spectacles_headers_find(const spectacles_header *headers, size_t count,
                                                 const char *key, size_t length)
{
    for (size_t i = 0; i < count; i++) {
        if (headers[i].key_length == length && memcmp(headers[i].key, key, length) == 0)
            return headers + i;
    }
    return NULL;
}

static int64_t integer_of(const spectacles_message *message, const char *key)
{
    const spectacles_header *header =
        spectacles_headers_find(message->headers, message->header_count, key, strlen(key));
    return header ? header->integer : 0;
}

void fake_note_headers(spectacles_broker *broker, const spectacles_message *message)
{
    const spectacles_header *digest =
        spectacles_headers_find(message->headers, message->header_count, "digest", strlen("digest"));
    broker->last_guild = integer_of(message, "guild");
    broker->last_shards = integer_of(message, "shards");
    snprintf(broker->last_digest, sizeof broker->last_digest, "%.*s", digest ? (int)digest->bytes_length : 0,
             digest ? (const char *)digest->bytes : "");
}
