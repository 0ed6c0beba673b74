#ifndef SP_BROKER_LOSS_H
#define SP_BROKER_LOSS_H

#include "broker/amqp.h"
#include "broker/content.h"
#include "broker/uri.h"
#include "core/text.h"

/* How a connection ended, as far as a publish may have ended it. */
enum sp_close_cause {
    SP_CLOSE_CAUSE_OTHER,   /* we ended it, or the broker for a reason of its own */
    SP_CLOSE_CAUSE_REFUSED, /* the broker said that it can not work on what was sent */
    SP_CLOSE_CAUSE_CUT      /* without a word: the broker, or the network */
};

/* Why a connection ends. */
typedef struct sp_broker_close_reason {
    uint32_t code;
    int32_t error;
    enum sp_close_cause cause;
    uint64_t time;      /* when it was known, if `cause` says that a publish may be the reason */
    bool alone;         /* nothing but publishes was on its way then, and the broker took them */
    bool configuration; /* a person has to change something: tried again at the cap only */
    bool is_set;        /* the first reason stands; later ones follow from it */
    sp_text text;
} sp_broker_close_reason;

/*
 * Whether a code speaks of what was sent, or of the broker's failure to work on it: syntax and frame errors,
 * methods that have no place, what is not implemented, and an internal error (AMQP 0-9-1, section 1.2).
 */
enum sp_close_cause sp_close_cause_of(uint16_t code);

/* Fills in what connection.close means. handshake: it came before the connection was open. */
void sp_close_reason_explain(sp_broker_close_reason *reason, const sp_uri *uri, bool handshake,
                             const amqp_connection_close_t *close);

#endif
