#ifndef GATEWAY_HEADERS_H
#define GATEWAY_HEADERS_H

#include <spectacles/spectacles.h>
#include <string.h>

/* Headers and arguments of queues, one each. Texts are not copied: they outlive the header. */

static inline spectacles_header header_text(const char *key, const char *text)
{
    return (spectacles_header){.type = SPECTACLES_HEADER_TEXT,
                               .key = key,
                               .key_length = strlen(key),
                               .bytes = (const uint8_t *)text,
                               .bytes_length = strlen(text)};
}

/* type: one whose value is an integer, as SPECTACLES_HEADER_INTEGER or SPECTACLES_HEADER_BOOLEAN */
static inline spectacles_header header_number(const char *key, uint32_t type, int64_t number)
{
    return (spectacles_header){.type = type, .key = key, .key_length = strlen(key), .integer = number};
}

#endif
