#ifndef SP_SHARD_FRAME_H
#define SP_SHARD_FRAME_H

#include "core/buffer.h"
#include "core/random.h"

/*
 * WebSocket frames over memory (RFC 6455). wslay parses the headers of frames and writes frames. This file puts
 * messages together, checks the rules of control frames and limits the size of messages; doc/decisions.md says why the
 * event interface of wslay is not used. The payload of a message in one frame is not copied: sp_frame.payload points
 * into the input.
 */

struct wslay_frame_context;

enum sp_frame_kind {
    SP_FRAME_TEXT,
    SP_FRAME_BINARY,
    SP_FRAME_CLOSE,
    SP_FRAME_PING,
    SP_FRAME_PONG
};

/* A whole message or a control frame. The payload is valid until the next sp_frames_next() or sp_frames_forget(). */
typedef struct sp_frame {
    enum sp_frame_kind kind;
    sp_slice payload;
} sp_frame;

enum {
    SP_CONTROL_MAX = 125
};

typedef struct sp_frames {
    struct wslay_frame_context *wslay; /* NULL while the connection is idle */
    sp_buffer input;                   /* bytes that were fed and not read yet */
    size_t lent;       /* bytes at the front of input that the present frame or sp_frame.payload uses */
    sp_buffer message; /* the payloads so far of a message in several frames */
    uint8_t control[SP_CONTROL_MAX];
    size_t control_length;
    uint64_t max_message;
    uint64_t unread; /* bytes of the payload of the present frame that wslay has not asked for yet */
    uint64_t left;   /* bytes of the payload of the present frame that wslay has not returned yet */
    bool inside;     /* the header of the present frame was read, and its payload is not complete */
    uint8_t opcode;  /* of the present frame */
    uint8_t
        message_kind; /* the opcode with which the present message began; 0: there is no present message */
    uint8_t final;    /* the present frame is the last one of its message */
    bool handed_out;  /* a payload was given to the caller, who may still use it */
    bool refused;     /* a frame broke the rules: the frames behind it cannot be found */
    int verdict;      /* the result of begin_frame() for the last header */
    sp_buffer *output;
    sp_random *random;
    uint32_t close_code; /* the close code to send when sp_frames_next() has failed */
    const char *error;
} sp_frames;

/* Begins a new connection, and frees what the last connection left. */
void sp_frames_open(sp_frames *frames, sp_buffer *output, sp_random *random, uint64_t max_message);
void sp_frames_free(sp_frames *frames);

/* Copies bytes that have arrived to the input. A payload that was handed out stays valid. SPECTACLES_E_NOMEM. */
int sp_frames_feed(sp_frames *frames, const uint8_t *bytes, size_t length);

/* The caller does not need the payload that was handed out any more. */
void sp_frames_forget(sp_frames *frames);

/*
 * Reads the next frame. Returns 1 and the frame, 0 when more bytes are needed, or:
 *   SPECTACLES_E_PROTO   a frame breaks a rule; close_code is for the peer, error for the owner
 *   SPECTACLES_E_TOOBIG  a message is over max_message; likewise
 *   SPECTACLES_E_NOMEM   memory ran out
 * A header that breaks a rule is refused before its payload has arrived. After a refusal all input is dropped.
 */
int sp_frames_next(sp_frames *frames, sp_frame *out);

/* sp_frames_forget(); also frees the memory that an idle connection does not need. */
void sp_frames_shrink(sp_frames *frames);

/* Appends a whole masked frame to the output. After SPECTACLES_E_NOMEM nothing was appended. */
int sp_frames_send(sp_frames *frames, enum sp_frame_kind kind, sp_slice payload);

/* Appends a close frame with this code. */
int sp_frames_send_close(sp_frames *frames, uint32_t code);

/* The content of a close frame. */
typedef struct sp_close {
    uint32_t code;   /* 0: the frame is empty */
    sp_slice reason; /* points into the payload of the frame */
    /* the code that answers it: 1002 (the code may not be sent), 1007 (the reason is not UTF-8); 0: it is valid */
    uint32_t mistake;
} sp_close;

sp_close sp_frame_close(sp_slice payload);

/* Whether a close frame may carry this code (RFC 6455, section 7.4). */
bool sp_close_code_may_be_sent(uint32_t code);

#endif
