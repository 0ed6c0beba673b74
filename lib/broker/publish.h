#ifndef SP_BROKER_PUBLISH_H
#define SP_BROKER_PUBLISH_H

#include "core/buffer.h"
#include "core/ring.h"

/*
 * The publish log: every message that is not confirmed yet, framed, in the order of the wire. Its chunks are
 * write buffer and replay buffer at once: a message is copied and framed one time and stays where it is until
 * the broker has confirmed it, whatever becomes of the connection.
 *
 * A record is named by its serial, its place in the order. While the channel is open, everything from
 * `wire_first` on was or will be sent on it, so the broker's delivery tag n is the serial wire_first + n - 1.
 */
typedef struct sp_chunk {
    size_t used;
    size_t capacity;
    size_t live; /* records inside, and 1 while the wire reads from it */
    uint8_t bytes[];
} sp_chunk;

enum sp_record_state {
    SP_RECORD_OPEN = 0, /* neither confirmed nor failed */
    SP_RECORD_CONFIRMED,
    SP_RECORD_RETURNED,
    SP_RECORD_FAILED,
    SP_RECORD_DONE /* told, or published again under a later serial */
};

typedef struct sp_record {
    uint64_t tag; /* the owner's */
    sp_chunk *chunk;
    size_t at;
    size_t size; /* of all its frames */
    size_t body;
    uint64_t next_settled; /* serial + 1, 0 for none */
    uint32_t frame_max;    /* it was framed for */
    uint16_t code;         /* of the return or failure */
    uint8_t state;         /* enum sp_record_state */
    uint8_t mandatory;
    uint8_t returned; /* basic.return came; its basic.ack is awaited */
    uint8_t message_id_length;
} sp_record;

typedef struct sp_log {
    sp_ring records;
    uint64_t first;      /* serial of the front record */
    uint64_t wire_first; /* serial that has delivery tag 1 on this channel */
    uint64_t sent;       /* the first serial that is not wholly on the wire */
    size_t offset;       /* bytes of that record that are */
    sp_chunk *tail;      /* where the next record goes */
    sp_chunk *spare;
    /* What pending() shows. It ends at a frame's end and never shrinks, so that a transport may retry. */
    sp_chunk *pinned;
    const uint8_t *promise;
    size_t promised;
    uint64_t settled_head; /* serial + 1 of the first record to be told, 0 for none */
    uint64_t settled_tail;
    uint64_t open_bytes;
    size_t open_count;
    uint64_t window_bytes;
    size_t window_count;
    uint64_t last_tag;
    uint64_t republished;
    uint32_t frame_max;
    bool open;   /* the channel is in confirm mode */
    bool paused; /* the broker wants no publishes for now */
} sp_log;

/* A publish, checked: every text is at most 255 bytes, NULL for none. */
typedef struct sp_publish {
    const char *exchange;
    const char *key;
    size_t key_length;
    const char *content_type;
    const char *message_id;
    const char *correlation_id;
    const char *reply_to;
    const char *expiration;
    const uint8_t *body;
    size_t body_length;
    bool mandatory;
    bool transient;
} sp_publish;

void sp_log_init(sp_log *log, size_t window_count, uint64_t window_bytes, uint32_t frame_max);
void sp_log_free(sp_log *log);
bool sp_log_room(const sp_log *log);

/* Takes a message; its tag is log->last_tag then. 0, SPECTACLES_E_NOMEM, SPECTACLES_E_TOOBIG. */
int sp_log_append(sp_log *log, const sp_publish *publish);

/* The channel is in confirm mode: all that is open is sent on it, from the first. No record may be waiting to
 * be told. SPECTACLES_E_NOMEM: a smaller frame_max asks for framing anew. */
int sp_log_opened(sp_log *log, uint32_t frame_max);

/* The channel closed; the promised bytes still go out. Or the connection is gone, and they do not. */
void sp_log_closed(sp_log *log);
void sp_log_lost(sp_log *log);

/* Promises more to the wire, when there is any. */
void sp_log_promise(sp_log *log);
void sp_log_consumed(sp_log *log, size_t length);

/* basic.ack, basic.nack. SPECTACLES_E_PROTO: a tag that was never sent. */
int sp_log_ack(sp_log *log, uint64_t wire, bool multiple);
int sp_log_nack(sp_log *log, uint64_t wire, bool multiple);

typedef struct sp_return {
    sp_slice exchange;
    sp_slice key;
    sp_slice message_id;
    uint64_t body_length;
    uint16_t code;
} sp_return;

/* basic.return: marks the record that it is about. It names none, so the content tells. */
void sp_log_return(sp_log *log, const sp_return *returned);

/* The first open record that was sent to another exchange than the given one, and whose exchange is named in
 * text; the largest one that was sent. NULL when there is none. */
const sp_record *sp_log_find_exchange(const sp_log *log, sp_slice text, const char *group);
const sp_record *sp_log_find_largest(const sp_log *log);
void sp_log_fail(sp_log *log, const sp_record *record, uint16_t code);

/* The next record that was settled and is to be told, or NULL; told() forgets it. */
const sp_record *sp_log_settled(const sp_log *log);
void sp_log_told(sp_log *log);

sp_slice sp_record_exchange(const sp_record *record);
sp_slice sp_record_key(const sp_record *record);

#endif
