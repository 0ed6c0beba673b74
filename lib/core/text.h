#ifndef SP_CORE_TEXT_H
#define SP_CORE_TEXT_H

#include "core/export.h"

#include <stdbool.h>
#include <stddef.h>

/* A sentence for people, cut when it does not fit. */
enum {
    SP_TEXT_MAX = 512
};
typedef struct sp_text {
    char chars[SP_TEXT_MAX];
    size_t length;
} sp_text;

void sp_text_set(sp_text *text, const char *format, ...) SP_PRINTF(2, 3);
void sp_text_add(sp_text *text, const char *format, ...) SP_PRINTF(2, 3);

/*
 * Adds bytes from outside: what is no character (RFC 3629), or a character that acts on the text around it (controls,
 * line separators, the controls of writing direction), becomes '?'. At most `most` bytes are shown, so that a peer can
 * write neither control sequences nor novels into somebody's log.
 */
void sp_text_add_foreign(sp_text *text, const void *bytes, size_t length, size_t most);

/* The length of the well-formed UTF-8 sequence (RFC 3629) at the start of the bytes, 0 when there is none. */
size_t sp_utf8_sequence(const unsigned char *bytes, size_t length);

/* Whether all of it is printable ASCII, without spaces: fit for a header, a file of words, a log. */
bool sp_text_is_graphic(const char *chars);

/* A copy on the heap, NUL-terminated; NULL when memory ran out. */
char *sp_text_copy(const char *chars, size_t length);

#endif
