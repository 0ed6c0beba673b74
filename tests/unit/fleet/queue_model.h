#ifndef TESTS_UNIT_FLEET_QUEUE_MODEL_H
#define TESTS_UNIT_FLEET_QUEUE_MODEL_H

#include "fleet/record.h"

/*
 * A quorum queue with a single active consumer, as RabbitMQ has it, and the connections of a few members to it. What
 * the members send, and what they are told, is on its way for a while, in its order. What comes back from a consumer is
 * delivered again before what was never delivered, in an order of chance.
 */

enum {
    MEMBERS = 3,
    LINE = 64,     /* what is on its way on a connection */
    MESSAGES = 256 /* in the queue */
};

enum model_kind {
    MODEL_CONSUME,
    MODEL_CANCEL,
    MODEL_ACKNOWLEDGE,
    MODEL_GIVE_BACK,
    MODEL_PUBLISH,
    MODEL_SUBSCRIBED, /* number: whether the queue was empty and not consumed */
    MODEL_DELIVERY,
    MODEL_CONFIRMED,
    MODEL_RETURNED,
    MODEL_CANCELLED
};

typedef struct model_op {
    enum model_kind kind;
    uint64_t at;
    uint64_t number; /* the delivery, or the write */
    uint8_t *bytes;
    size_t length;
    bool mandatory;
} model_op;

typedef struct model_line {
    model_op ops[LINE];
    int count;
    uint64_t last_at;
} model_line;

typedef struct model_message {
    uint8_t *bytes;
    size_t length;
    uint64_t delivery; /* to whom it is checked out; 0: to nobody */
    unsigned returns;
} model_message;

typedef struct model_queue {
    bool exists;
    bool blocked; /* takes no publishes: a memory alarm */
    int limit;    /* x-delivery-limit; -1: none */
    uint64_t deliveries;
    int consumers[MEMBERS]; /* in their order; the first one is active */
    int consumer_count;
    int active;                    /* -1: nobody */
    model_message ready[MESSAGES]; /* what came back is in front */
    int ready_count;
    int returned_count;          /* of these, what came back */
    model_message out[MESSAGES]; /* checked out to the active consumer, or to one that was cancelled */
    int out_to[MESSAGES];
    int out_count;
    model_line up[MEMBERS];          /* to the queue */
    model_line down[MEMBERS];        /* to the member */
    sp_fleet_content best;           /* all that was ever in the queue */
    sp_fleet_content known[MEMBERS]; /* `best` when the member became the active consumer */
    bool has_new[MEMBERS];           /* the member has stored something since the queue was deleted */
} model_queue;

void model_init(model_queue *queue, uint32_t seed);
void model_free(model_queue *queue);
uint32_t model_chance(uint32_t below);

/* Puts something on its way. The bytes are copied. */
void model_send(model_line *line, enum model_kind kind, uint64_t number, sp_slice bytes, bool mandatory,
                uint64_t now);

/* Takes what has arrived; false: nothing has. The caller frees its bytes. */
bool model_take(model_line *line, uint64_t now, model_op *op);
void model_drop(model_line *line);

/* The queue works on what has arrived, and delivers. limit: of the queue that a CONSUME declares. */
void model_work(model_queue *queue, int limit, uint64_t now);

/* The connection of a member has ended, as the queue sees it: it works on what has come as far as that. */
void model_end(model_queue *queue, int member, int limit, uint64_t now);

/* The node of the member is suspected: its consumer goes to the end, without a word. */
void model_suspect(model_queue *queue, int member);

/* An operator deletes the queue. */
void model_delete(model_queue *queue, uint64_t now);

#endif
