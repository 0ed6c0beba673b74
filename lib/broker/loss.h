#ifndef SP_BROKER_LOSS_H
#define SP_BROKER_LOSS_H

#include "broker/amqp.h"
#include "broker/content.h"
#include "broker/uri.h"
#include "core/text.h"

/* How a connection ended, as far as a publish may have ended it. */
enum sp_loss_cause {
    SP_LOSS_OTHER,   /* we ended it, or the broker for a reason of its own */
    SP_LOSS_REFUSED, /* the broker said that it can not work on what was sent */
    SP_LOSS_CUT      /* without a word: the broker, or the network */
};

/* Why a connection ends. */
typedef struct sp_loss {
    uint32_t code;
    int32_t error;
    enum sp_loss_cause cause;
    uint64_t time;      /* when it was known, if `cause` says that a publish may be the reason */
    bool alone;         /* nothing but publishes was on its way then, and the broker took them */
    bool configuration; /* a person has to change something: tried again at the cap only */
    bool told;
    sp_text text;
} sp_loss;

/*
 * Whether a code speaks of what was sent, or of the broker's failure to work on it: syntax and frame errors,
 * methods that have no place, what is not implemented, and an internal error (AMQP 0-9-1, section 1.2).
 */
enum sp_loss_cause sp_loss_cause_of(uint16_t code);

/* Fills in what connection.close means. handshake: it came before the connection was open. */
void sp_loss_explain(sp_loss *loss, const sp_uri *uri, bool handshake, const amqp_connection_close_t *close);

#endif
