#ifndef SP_BROKER_LOSS_H
#define SP_BROKER_LOSS_H

#include "broker/amqp.h"
#include "broker/content.h"
#include "broker/uri.h"
#include "core/text.h"

/* Whether a publish may have ended a connection. */
enum sp_close_cause {
    SP_CLOSE_CAUSE_OTHER,   /* no: the library ended the connection, or the broker for another reason */
    SP_CLOSE_CAUSE_REFUSED, /* maybe: the broker said that it can not handle what was sent */
    SP_CLOSE_CAUSE_CUT      /* maybe: the connection ended without connection.close */
};

/* Why a connection ends. */
typedef struct sp_broker_close_reason {
    uint32_t code;
    int32_t error;
    enum sp_close_cause cause;
    uint64_t time;      /* when the end was noticed; not set when the library ended the connection */
    bool alone;         /* only publishes were open then, and the broker took publishes */
    bool configuration; /* a person has to change something: the next attempt comes after the longest wait */
    bool is_set;        /* a reason is set. Later reasons are ignored: they follow from the first reason */
    sp_text text;
} sp_broker_close_reason;

/*
 * REFUSED for the codes about the bytes that were sent, or about a failure of the broker to handle them: syntax and
 * frame errors, unexpected or missing methods, and internal errors (AMQP 0-9-1, section 1.2). Else OTHER.
 */
enum sp_close_cause sp_close_cause_of(uint16_t code);

/* Fills in the reason from connection.close. handshake: connection.close arrived before connection.open-ok. */
void sp_close_reason_explain(sp_broker_close_reason *reason, const sp_uri *uri, bool handshake,
                             const amqp_connection_close_t *close);

#endif
