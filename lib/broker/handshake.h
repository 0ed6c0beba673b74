#ifndef SP_BROKER_HANDSHAKE_H
#define SP_BROKER_HANDSHAKE_H

#include "broker/frame.h"
#include "broker/uri.h"

/* AMQP 0-9-1, 2.2.4 "The Connection Class": what the server is waited for. */
enum sp_handshake {
    SP_AWAIT_START = 0,
    SP_AWAIT_TUNE,
    SP_AWAIT_OPEN_OK
};

/* What was agreed on. */
typedef struct sp_tuning {
    uint32_t frame_max;
    uint16_t channel_max;
    uint16_t heartbeat; /* seconds; 0: none */
} sp_tuning;

/* All append to `out`; SPECTACLES_E_NOMEM. */
int sp_handshake_write_header(sp_buffer *out);
int sp_handshake_write_start_ok(sp_buffer *out, const sp_uri *uri, const char *name);
int sp_handshake_write_open(sp_buffer *out, const sp_uri *uri, const sp_tuning *tuning);
int sp_handshake_write_close(sp_buffer *out, uint16_t code, const char *text);
int sp_handshake_write_close_ok(sp_buffer *out);

/* 1 when the server offers the mechanism that the URI asks for. */
int sp_handshake_offers(const amqp_connection_start_t *start, const sp_uri *uri);

/* "RabbitMQ 3.10.8", as far as the server says so. */
void sp_handshake_product(sp_text *out, const amqp_connection_start_t *start);

/* SPECTACLES_E_PROTO when the server's limits are too low to work with; why says so. */
int sp_handshake_tune(sp_tuning *out, const amqp_connection_tune_t *tune, const sp_uri *uri, sp_text *why);

#endif
