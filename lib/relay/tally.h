#ifndef SP_RELAY_TALLY_H
#define SP_RELAY_TALLY_H

#include <stddef.h>
#include <stdint.h>

/* How often each of some names, or of some codes, was seen. Bounded, whatever a peer sends: nothing here allocates. */

enum {
    SP_TALLY_NAMES = 128, /* more names than Discord has */
    SP_TALLY_SLOTS = 256, /* a power of two above SP_TALLY_NAMES */
    SP_TALLY_NAME_MAX = 47,
    SP_TALLY_CODES = 64
};

typedef struct sp_tally_name {
    char chars[SP_TALLY_NAME_MAX + 1]; /* NUL-terminated; empty: all names that had no room */
    uint32_t hash;
    uint8_t length;
    uint64_t count;
} sp_tally_name;

typedef struct sp_tally_names {
    sp_tally_name names[SP_TALLY_NAMES]; /* in the order in which they were seen */
    size_t count;
    uint64_t others;
    uint8_t slots[SP_TALLY_SLOTS]; /* by hash: the place of the name, plus one; 0: none */
} sp_tally_names;

typedef struct sp_tally_code {
    uint32_t code;
    uint64_t count;
} sp_tally_code;

typedef struct sp_tally_codes {
    sp_tally_code codes[SP_TALLY_CODES]; /* the first one: no code, and codes that had no room */
    size_t count;
} sp_tally_codes;

void sp_tally_name_seen(sp_tally_names *tally, const char *name, size_t length);
void sp_tally_code_seen(sp_tally_codes *tally, uint32_t code);

/* Counts what took so long: counts[i] has what took up to 2^i milliseconds, and the last one all that took longer. */
void sp_tally_latency(uint64_t *counts, size_t count, uint64_t milliseconds);

#endif
