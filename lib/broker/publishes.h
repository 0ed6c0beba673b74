#ifndef SP_BROKER_PUBLISHES_H
#define SP_BROKER_PUBLISHES_H

#include "broker/wire.h"
#include "core/ring.h"

#include <spectacles/broker.h>

/*
 * The publish log: the publishes that are not settled yet, as the bytes that go on the wire. The log is the write
 * buffer and the replay buffer at once. A record leaves the log when it and all records before it are settled.
 */
typedef struct sp_publishes {
    sp_buffer bytes; /* the records' frames, one after the other */
    sp_ring records;
    uint64_t last_tag;
    uint64_t last_wire; /* the newest delivery tag. Each channel counts from 1 (confirm.select) */
    size_t next;        /* the index of the record that is written next */
    size_t next_offset; /* the position in `bytes` at which that record begins */
    size_t written;     /* how many bytes of that record are written */
    uint32_t frame_max; /* bodies are split for this frame_max */
    uint32_t unconfirmed_count;
    uint64_t unconfirmed_bytes;
    size_t done_length; /* bytes of the settled records that are still in `bytes` */
    size_t done_ahead;  /* how many records from `next` on were settled before they were written */
    size_t deferred;    /* how many nacked records wait to be written again */
    uint64_t due;       /* when these records are written again; SPECTACLES_NEVER: there are none */
    bool mixed_up;      /* nacked records were moved to the end: the log is not in the order of the tags */
    uint64_t republished;
    bool wants_room;
    /* The basic.ack that is being worked on. Each event settles one record. */
    uint64_t confirm_tag; /* its delivery tag; 0: there is no basic.ack to work on */
    bool confirm_multiple;
} sp_publishes;

typedef struct sp_publish {
    uint64_t tag;
    uint64_t wire; /* the delivery tag; 0: not written on this channel */
    size_t length; /* of the record in `bytes` */
    size_t body_length;
    bool done;
    bool deferred;
    bool mandatory;
    bool known; /* the owner knows how the publish ended: no further event, and it is not written again */
    bool call;  /* the request of a call: its confirm is no event, and it is written only once */
} sp_publish;

static inline sp_publish *sp_publishes_at(const sp_publishes *publishes, size_t index)
{
    return sp_ring_at(&publishes->records, index);
}

/* NULL when there are not so many. */
static inline sp_publish *sp_publishes_find(const sp_publishes *publishes, size_t index)
{
    return sp_ring_find(&publishes->records, index);
}

void sp_publishes_init(sp_publishes *publishes);
void sp_publishes_free(sp_publishes *publishes);

/*
 * Frees memory when the log is empty. Not to be called each time the log gets empty: a log that fills again would have
 * to get its memory again each time.
 */
void sp_publishes_shrink(sp_publishes *publishes);

/* Appends a message under the next tag. Nothing changes on failure. */
int sp_publishes_add(sp_publishes *publishes, const spectacles_message *message, const char *group,
                     uint64_t *tag);

/* Marks the message that was added last as the request of a call. */
void sp_publishes_mark_call(sp_publishes *publishes);

/* Whether the tag belongs to the request of a call that is still in the log. */
bool sp_publishes_is_call(const sp_publishes *publishes, uint64_t tag);

/*
 * Walks through the requests of calls that are not written, not even in part. *index begins at 0. Returns the tag of
 * the next request, or 0 at the end.
 */
uint64_t sp_publishes_next_unwritten_call(const sp_publishes *publishes, size_t *index);

/* The call is over: its request is not written any more, neither for the first time nor again. */
void sp_publishes_withdraw(sp_publishes *publishes, uint64_t tag);

/* The next bytes for the wire, as many as can be written together: one large write costs less than many small ones. */
sp_slice sp_publishes_pending(const sp_publishes *publishes);
void sp_publishes_consumed(sp_publishes *publishes, size_t length);

/* True when a record is partly written. Its rest has to be written before anything else. */
bool sp_publishes_is_cut(const sp_publishes *publishes);

/* The rest of the record that is partly written. */
sp_slice sp_publishes_cut_remainder(const sp_publishes *publishes);

/*
 * A new channel: all records that are not settled are written again, in the order of their tags. Requests of calls
 * that were written before are not written again. Can fail with SPECTACLES_E_NOMEM only when frame_max is lower than
 * before.
 */
int sp_publishes_rewind(sp_publishes *publishes, uint32_t frame_max);

/*
 * basic.ack has arrived. sp_publishes_next_confirmed() then settles its records one at a time. wire: the delivery tag;
 * 0 with `multiple` covers all records that were written. SPECTACLES_E_PROTO when no record has this delivery tag.
 */
int sp_publishes_confirm(sp_publishes *publishes, uint64_t wire, bool multiple);

/*
 * Settles the next record that the basic.ack covers. Returns the tag of the record, or 0 when no record is left.
 * Records whose end the owner knows already, and requests of calls, are settled without being returned.
 */
uint64_t sp_publishes_next_confirmed(sp_publishes *publishes);

/*
 * basic.nack has arrived. The records that it covers wait until `due`; when other records are deferred already, until
 * their time. `wire`, `multiple` and errors as with sp_publishes_confirm().
 */
int sp_publishes_defer(sp_publishes *publishes, uint64_t wire, bool multiple, uint64_t due);

/*
 * Moves the deferred records to the end of the log, where they are written again. SPECTACLES_E_NOMEM: some of the
 * records stay deferred, until `again`.
 */
int sp_publishes_release(sp_publishes *publishes, uint64_t again);

/*
 * basic.return has arrived for this tag. Returns 1, or 0 when the owner knows already how the publish ended.
 * SPECTACLES_E_PROTO when no mandatory publish with this tag is open.
 */
int sp_publishes_returned(sp_publishes *publishes, uint64_t tag);

/* Settles a record that will never be delivered. It is not written again. */
void sp_publishes_give_up(sp_publishes *publishes, uint64_t tag);

/*
 * Looks for the record that channel.close is about: a record for an exchange that the text names in quotes, or a record
 * of the size that the text names. Settles the first such record, and returns its tag. Returns 0 without such a record.
 */
uint64_t sp_publishes_find_refused(sp_publishes *publishes, amqp_bytes_t text, const char *group);

/* ---- For confirms.c ---- */

/* Settles a record: it is not written again, and leaves the log. */
void sp_publishes_finish(sp_publishes *publishes, sp_publish *record);

/*
 * Marks the bytes of a record as not needed. The publish is settled, or a copy of the record is at the end of the log.
 */
void sp_publishes_mark_done(sp_publishes *publishes, sp_publish *record);

/* Removes the settled records at the front of the log. */
void sp_publishes_drop_front(sp_publishes *publishes);

#endif
