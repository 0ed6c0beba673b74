#ifndef SP_BROKER_PUBLISHES_H
#define SP_BROKER_PUBLISHES_H

#include "broker/wire.h"
#include "core/ring.h"

#include <spectacles/broker.h>

/*
 * The publish log: what was published and not settled yet, as the bytes that go on the wire. It is the write
 * buffer and the replay buffer at once. A record leaves at the front when it is settled and everything before
 * it is.
 */
typedef struct sp_publishes {
    sp_buffer bytes; /* the records' frames, one after the other */
    sp_ring records;
    uint64_t last_tag;
    uint64_t last_wire; /* delivery tags count from 1 on each channel (confirm.select) */
    size_t next;        /* the record that is written next */
    size_t next_offset; /* where it begins in bytes */
    size_t written;     /* how much of it is out already */
    uint32_t frame_max; /* that bodies are cut for */
    uint32_t unconfirmed_count;
    uint64_t unconfirmed_bytes;
    size_t done_length; /* of the settled records that are still in bytes */
    size_t done_ahead;  /* records from `next` on that are settled before they were written */
    size_t deferred;    /* records that the broker did not take, and that wait to be written again, */
    uint64_t due;       /* and when they are; SPECTACLES_NEVER: there is none */
    uint64_t republished;
    bool wants_room;
    /* A confirm that is being worked off, one record an event. */
    uint64_t confirm_tag; /* 0: none */
    bool confirm_multiple;
} sp_publishes;

typedef struct sp_publish {
    uint64_t tag;
    uint64_t wire; /* 0: not written on this channel */
    size_t length; /* in bytes */
    size_t body_length;
    bool done;
    bool deferred;
    bool mandatory;
    bool known; /* to its owner, how it ended: nothing more is told of it, and it is not written again */
    bool call;  /* the request of a call: its confirm is not told, and it is written once only */
} sp_publish;

static inline sp_publish *sp_publishes_at(const sp_publishes *publishes, size_t index)
{
    return sp_ring_at(&publishes->records, index);
}

void sp_publishes_init(sp_publishes *publishes);
void sp_publishes_free(sp_publishes *publishes);

/* Gives memory back when nothing is in the log. Now and then: a log that fills and empties would pay for its pages
 * each time. */
void sp_publishes_shrink(sp_publishes *publishes);

/* Appends a message under the next tag. Nothing changes on failure. */
int sp_publishes_add(sp_publishes *publishes, const spectacles_message *message, const char *group,
                     uint64_t *tag);

/* The message that was added last is the request of a call. */
void sp_publishes_mark_call(sp_publishes *publishes);

/* Whether a tag is that of such a request, as long as it is in the log. */
bool sp_publishes_is_call(const sp_publishes *publishes, uint64_t tag);

/* Walks through the requests that no byte was written of, from *index 0 on: a tag, or 0 at the end. */
uint64_t sp_publishes_next_unwritten_call(const sp_publishes *publishes, size_t *index);

/* Nobody waits for the answer any more: a request that was not written yet never will be, nor once more. */
void sp_publishes_withdraw(sp_publishes *publishes, uint64_t tag);

/* The next bytes for the wire, as many as lie in a row: large writes cost the system less than many. */
sp_slice sp_publishes_pending(const sp_publishes *publishes);
void sp_publishes_consumed(sp_publishes *publishes, size_t length);

/* True in the middle of a record: nothing else may be written in between. */
bool sp_publishes_is_cut(const sp_publishes *publishes);

/* What is left of a record that is cut. */
sp_slice sp_publishes_cut_remainder(const sp_publishes *publishes);

/*
 * A fresh channel: everything that is not settled is written again, in order, but for requests of calls that
 * were written. SPECTACLES_E_NOMEM when smaller frames are needed.
 */
int sp_publishes_rewind(sp_publishes *publishes, uint32_t frame_max);

/*
 * basic.ack came: the records are then settled one at a time. SPECTACLES_E_PROTO when nothing was published
 * under that tag; 0 with `multiple` means all there are.
 */
int sp_publishes_confirm(sp_publishes *publishes, uint64_t wire, bool multiple);

/* The tag of the next record that the confirm settles; 0 when it is worked off. Returned ones are passed
 * over. */
uint64_t sp_publishes_next_confirmed(sp_publishes *publishes);

/* basic.nack came: what it covers waits until `due`, or with what waits already. Tags as with ack. */
int sp_publishes_defer(sp_publishes *publishes, uint64_t wire, bool multiple, uint64_t due);

/* What was deferred is written once more, at the end. SPECTACLES_E_NOMEM: some of it waits on, until `again`. */
int sp_publishes_release(sp_publishes *publishes, uint64_t again);

/*
 * basic.return came for this tag: 1, or 0 when that was told before. SPECTACLES_E_PROTO when there is no such
 * publish that asked for it.
 */
int sp_publishes_returned(sp_publishes *publishes, uint64_t tag);

/* The record will never be delivered: it is settled, and not written again. */
void sp_publishes_give_up(sp_publishes *publishes, uint64_t tag);

/*
 * Settles the first record on its way to an exchange that the broker's text names in quotes, or of the size
 * that it names; its tag, or 0.
 */
uint64_t sp_publishes_find_refused(sp_publishes *publishes, amqp_bytes_t text, const char *group);

/* ---- For confirms.c ---- */

/* The publish is over: it is not written again, and leaves the log. */
void sp_publishes_finish(sp_publishes *publishes, sp_publish *record);

/* The bytes of the record are not needed any more: a copy of it stands at the end of the log. */
void sp_publishes_mark_done(sp_publishes *publishes, sp_publish *record);

/* Frees the bytes of records that are done. */
void sp_publishes_drop_front(sp_publishes *publishes);

#endif
