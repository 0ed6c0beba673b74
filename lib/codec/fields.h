#ifndef SP_CODEC_FIELDS_H
#define SP_CODEC_FIELDS_H

#include "codec/json.h"

/*
 * Members of JSON objects that the library stores and reads again. Objects were checked by sp_json_check(). Each reader
 * is true when the object has the member once, and the member is what is asked for.
 */

/* A number below 2^64. sp_field_u64_or_null: null is 0. */
bool sp_field_u64(sp_slice object, const char *key, uint64_t *out);
bool sp_field_u64_or_null(sp_slice object, const char *key, uint64_t *out);

/* A text without a NUL, for which `out` has room. */
bool sp_field_text(sp_slice object, const char *key, char *out, size_t size);

/* A member that is an array or an object. */
bool sp_field_array(sp_slice object, const char *key, sp_slice *out);
bool sp_field_object(sp_slice object, const char *key, sp_slice *out);

/* A member that is an array, of which `read` takes each element. False also when `read` refuses one. */
bool sp_field_each(sp_slice object, const char *key, bool (*read)(sp_slice each, void *out), void *out);

/* The next element of an array, which has to be a number below 2^32, or below 2^64. */
bool sp_field_next_u32(sp_slice array, size_t *cursor, uint32_t *out);
bool sp_field_next_u64(sp_slice array, size_t *cursor, uint64_t *out);

/* Append `key`, as it is, and a value behind it. A text that is NULL becomes null. The buffer remembers a failure. */
void sp_field_write_number(sp_buffer *out, const char *key, uint64_t value);
void sp_field_write_text(sp_buffer *out, const char *key, const char *text);

#endif
