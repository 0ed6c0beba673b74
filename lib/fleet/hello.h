#ifndef SP_FLEET_HELLO_H
#define SP_FLEET_HELLO_H

#include "fleet/message.h"
#include "fleet/record.h"

/* A hello: who a member is, and which slots it owns. Each member says it again and again. */

enum {
    SP_FLEET_SLOTS_MAX = 64,
    SP_FLEET_SETS_MAX = 2, /* more than one while shards are numbered anew */
    SP_FLEET_ZONE_MAX = 63,
    SP_FLEET_WEIGHT_MAX = 1000
};

enum sp_hello_state {
    SP_HELLO_HERE,
    SP_HELLO_LEAVING, /* gets nothing more, and gives away what it has */
    SP_HELLO_GONE     /* the last word */
};

/* What a member owns of a generation of sharding. */
typedef struct sp_hello_set {
    char name[SP_FLEET_SET_MAX + 1];
    uint64_t warm;    /* milliseconds for which all of its shards have been connected; 0: they are not */
    uint64_t steady;  /* likewise, and what they bring is published */
    uint64_t starved; /* a bit for each slot of which RabbitMQ gives it nothing */
    uint64_t epochs[SP_FLEET_SLOTS_MAX]; /* of the slots that it owns; 0: it does not own the slot */
} sp_hello_set;

typedef struct sp_hello {
    char member[SP_FLEET_MEMBER_MAX + 1];
    char run[SP_FLEET_NONCE_LENGTH + 1]; /* another one for each process: two members may have one name */
    char zone[SP_FLEET_ZONE_MAX + 1];    /* empty: none */
    uint32_t weight;
    enum sp_hello_state state;
    size_t set_count;
    sp_hello_set sets[SP_FLEET_SETS_MAX];
} sp_hello;

/* What a member owns of a set; NULL: nothing. */
const sp_hello_set *sp_hello_set_of(const sp_hello *hello, const char *set);

/* Reads a hello from the object of sp_fleet_message_open(). Returns 0 or SPECTACLES_E_PROTO. */
int sp_hello_read(sp_slice object, sp_hello *out);

/* Writes a hello in the place of what `out` held. Returns 0 or SPECTACLES_E_NOMEM. */
int sp_hello_write(const sp_hello *hello, const char *bot, sp_buffer *out);

/* Whether a text can be the name of a zone: at most SP_FLEET_ZONE_MAX printable ASCII characters, no spaces. */
bool sp_fleet_zone_is_valid(const char *zone);

#endif
