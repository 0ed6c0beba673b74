#ifndef GATEWAY_CARD_H
#define GATEWAY_CARD_H

#include <spectacles/spectacles.h>
#include <stdbool.h>

enum {
    CARD_ID_SIZE = 17,
    CARD_BOT_SIZE = 21,
    CARD_HOST_SIZE = 65
};

/* How far the life of a process is. */
enum card_state {
    CARD_STARTING, /* it serves nothing yet, and can still end without harm */
    CARD_RUNNING,
    CARD_STOPPING, /* it leaves its shards to whoever comes */
    CARD_ASKING    /* it is a doctor, and serves nothing */
};

/* Why a card is sent. */
enum card_kind {
    CARD_HELLO, /* whoever conflicts with this one, answer */
    CARD_WHO,   /* everybody, answer */
    CARD_HERE   /* an answer */
};

/* Who a process of the group is, as it tells the others. Holds no secret. All zero but for `id`: nothing is known. */
struct card {
    char id[CARD_ID_SIZE];     /* drawn when the process starts */
    char bot[CARD_BOT_SIZE];   /* the user id of the bot; "": not known */
    char host[CARD_HOST_SIZE]; /* printable */
    uint32_t pid;
    enum card_state state;
    uint64_t started;     /* milliseconds since 1970 */
    uint32_t shard_count; /* of the whole bot; 0: not known */
    uint32_t *shard_ids;  /* of this process, from low to high */
    size_t shard_id_count;
};

/* A card of this process, with a fresh id. token: names the bot, and is not kept. */
void card_begin(struct card *card, enum card_state state, const char *token);

/* Sets the shards. Copied, and sorted. false: memory ran out. */
bool card_serve(struct card *card, uint32_t shard_count, const uint32_t *shard_ids, size_t count);

/* Frees what the card holds. */
void card_free(struct card *card);

/* Writes a card as JSON. Returns 0, or SPECTACLES_E_NOMEM. Give `out` to spectacles_bytes_free(). */
int card_write(const struct card *card, enum card_kind kind, spectacles_bytes *out);

/*
 * Reads a card that a process has sent. Free it in any case. false: it is no card, or memory ran out.
 */
bool card_read(struct card *card, enum card_kind *kind, const uint8_t *body, size_t length);

/* "host, process 123". */
void card_name(char *out, size_t size, const struct card *card);

/* "0-3,7" and so on, cut with dots. */
void card_write_shards(char *out, size_t size, const uint32_t *shard_ids, size_t count);

#endif
