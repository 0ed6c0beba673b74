#ifndef EXAMPLES_FEED_H
#define EXAMPLES_FEED_H

#include <spectacles/broker.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What comes to a bot: a message (a dispatch, or a gap record), or the answer to a packet that it has sent. */
struct feed_event {
    uint64_t answer; /* of a packet: its number. 0: this is a message */
    bool sent;       /* of a packet: it is on its way to Discord; otherwise `text` says why not */
    const char *text;
    const char *name; /* of a message: "MESSAGE_CREATE", "SPECTACLES_GAP" */
    const char *id;   /* the message-id; NULL: it has none */
    const spectacles_header *headers;
    size_t header_count;
    const uint8_t *body;
    size_t length;
    uint64_t ticket; /* for acknowledge() */
};

/*
 * Where the messages of a bot come from, and its packets go to: a gateway in this process, or a broker behind which a
 * gateway runs. The promise of both is the same. What is not acknowledged comes again; what will never come is declared
 * by a gap record.
 */
struct feed {
    /* Moves bytes, and waits for at most 250 ms until there is something to do. False: the feed has stopped. */
    bool (*turn)(struct feed *feed);
    /* The next event, valid until the next call. False: there is none for now. */
    bool (*next)(struct feed *feed, struct feed_event *out);
    /* The work of a message is done: it need not come again. */
    void (*acknowledge)(struct feed *feed, uint64_t ticket);
    /* Sends a packet to the shard of a guild. Returns its number; 0: it was refused. */
    uint64_t (*send)(struct feed *feed, uint64_t guild_id, uint32_t op, const char *d);
    void (*stop)(struct feed *feed);
    void (*free)(struct feed *feed);
};

/*
 * Both exit when a setting is wrong. The settings are in the environment.
 *
 *   feed_of_gateway  DISCORD_TOKEN, DISCORD_GATEWAY_URL, DISCORD_SHARD_COUNT (1); SESSION_FILE: where the sessions are
 *                    kept, so that the next process goes on where this one was
 *   feed_of_broker   AMQP_URL
 */
struct feed *feed_of_gateway(const char *const *events, size_t count);
struct feed *feed_of_broker(const char *const *events, size_t count);

#endif
