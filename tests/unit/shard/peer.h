#ifndef TESTS_SHARD_PEER_H
#define TESTS_SHARD_PEER_H

#include "unit.h"

#include <spectacles/spectacles.h>

/*
 * A gateway in memory with a clock of its own: it makes WebSocket frames by hand, so that our writer and
 * reader are not tested with each other. Everything that the shard tells is kept as one line of text per
 * event.
 */
enum {
    PEER_LINES = 512,
    PEER_LINE = 400,
    PEER_BYTES = 1 << 20,
    PEER_RECORD = 8192
};

#define PEER_TOKEN "very.secret.token"

typedef struct sp_peer {
    spectacles_shard *shard;
    uint64_t now;
    uint64_t connection; /* the one that is open */
    int split;           /* feed byte by byte */
    uint64_t hold_until; /* of the last DISCONNECTED */
    int states;          /* keep STATE events as well */
    size_t fragments;    /* whole messages go in so many frames, with a ping behind each but the last */
    int records;         /* keep what is fed in `record` */
    size_t recorded;
    uint8_t record[PEER_RECORD];
    int lines;
    char line[PEER_LINES][PEER_LINE];
    uint8_t sent[PEER_BYTES]; /* what the shard wrote and nobody has read yet */
    size_t sent_length;
} sp_peer;

void peer_config(spectacles_shard_config *config);
sp_peer *peer_new(const spectacles_shard_config *config);
void peer_free(sp_peer *peer);
spectacles_stream *peer_stream(const sp_peer *peer);
uint32_t peer_state(const sp_peer *peer);

/* Pulls all events into lines. */
void peer_pull(sp_peer *peer);

/* Forgets the lines; the count of lines that begin with this; the last such line or "". */
void peer_forget(sp_peer *peer);
int peer_count(const sp_peer *peer, const char *prefix);
const char *peer_last(const sp_peer *peer, const char *prefix);

/* Opens the connection that the shard wants, and answers its upgrade. */
void peer_open(sp_peer *peer);
void peer_accept(sp_peer *peer);

/* What Sec-WebSocket-Accept has to be in the answer to this request. */
void peer_accept_key(const char *request, char accept[64]);

/* Bytes, a whole text message, a frame made to order, a close frame: from the gateway to the shard. */
void peer_feed(sp_peer *peer, const void *bytes, size_t length);
void peer_text(sp_peer *peer, const char *text);
void peer_frame(sp_peer *peer, int first_byte, const void *payload, size_t length);
void peer_close(sp_peer *peer, int code, const char *reason);
void peer_eof(sp_peer *peer, int error, const char *text);

/* The next frame of the shard, unmasked and NUL-terminated; its opcode, or 0 when there is none. */
int peer_read(sp_peer *peer, char *payload, size_t size);

/* Reads a text frame and compares. */
void peer_expect(sp_peer *peer, const char *text);

/* To `now + ms`, with everything that falls due on the way. */
void peer_wait(sp_peer *peer, uint64_t ms);

/* Up to READY with a session "abc" and sequence 1. */
void peer_hello(sp_peer *peer);
void peer_ready(sp_peer *peer);

/* Waits for the next attempt, opens it, and says HELLO. */
void peer_come_back(sp_peer *peer);

#endif
