#ifndef SP_CORE_TEXT_H
#define SP_CORE_TEXT_H

#include "core/export.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    SP_TEXT_MAX = 512 /* bytes of a sentence, with its NUL */
};

/* A sentence for people. What does not fit is cut off. */
typedef struct sp_text {
    char chars[SP_TEXT_MAX];
    size_t length;
} sp_text;

/* Replaces the sentence, or adds to it. format: as for printf(3). */
void sp_text_set(sp_text *text, const char *format, ...) SP_PRINTF(2, 3);
void sp_text_add(sp_text *text, const char *format, ...) SP_PRINTF(2, 3);

/*
 * Adds bytes from outside. Bytes that are not UTF-8 (RFC 3629), and characters that change the text around them
 * (controls, line separators, controls of the writing direction), become '?'. At most `max` bytes are shown. So a peer
 * can write neither control sequences nor long texts into a log.
 */
void sp_text_add_foreign(sp_text *text, const void *bytes, size_t length, size_t max);

/* The length of the valid UTF-8 sequence (RFC 3629) that the bytes begin with; 0 when they begin with none. */
size_t sp_utf8_sequence(const unsigned char *bytes, size_t length);

/* Whether all of the bytes are UTF-8. */
bool sp_utf8_is_whole(const void *bytes, size_t length);

/* Whether a NUL-terminated text is printable ASCII without spaces. */
bool sp_text_is_graphic(const char *chars);

/* A NUL-terminated copy, to be freed with free(); NULL when memory ran out. */
char *sp_text_copy(const char *chars, size_t length);

#endif
