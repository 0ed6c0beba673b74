#ifndef SP_SHARD_FRAME_H
#define SP_SHARD_FRAME_H

#include "core/buffer.h"
#include "core/random.h"

/*
 * WebSocket frames over memory (RFC 6455), with wslay as the parser and writer of frames. Putting messages
 * together, the rules of control frames and the caps on size are ours: see doc/decisions.md for why its
 * event interface is not used. A message in one frame is handed out where it lies in the input: it is copied by
 * nobody.
 */

struct wslay_frame_context;

enum sp_frame_kind {
    SP_FRAME_TEXT,
    SP_FRAME_BINARY,
    SP_FRAME_CLOSE,
    SP_FRAME_PING,
    SP_FRAME_PONG
};

/* One whole message or control frame; the payload lasts until the next call of sp_frames_next or sp_frames_forget. */
typedef struct sp_frame {
    enum sp_frame_kind kind;
    sp_slice payload;
} sp_frame;

enum {
    SP_CONTROL_MAX = 125
};

typedef struct sp_frames {
    struct wslay_frame_context *wslay; /* NULL between frames, while nothing happens */
    sp_buffer input;                   /* what was fed and not yet read */
    size_t lent;       /* bytes at the start of the input that are the present frame's, or handed out */
    sp_buffer message; /* the message that comes in pieces */
    uint8_t control[SP_CONTROL_MAX];
    size_t control_length;
    uint64_t max_message;
    uint64_t unread;      /* bytes of the present frame's payload that wslay was not told of yet */
    uint64_t left;        /* bytes of it that wslay has not told us of */
    bool inside;          /* wslay has the header of the present frame */
    uint8_t opcode;       /* of the present frame */
    uint8_t message_kind; /* opcode of the message in `message`; 0 when none is under way */
    uint8_t final;        /* the present frame is its message's last */
    bool handed_out;
    bool refused; /* a frame broke the rules: what follows can not be told apart */
    int verdict;  /* on the header that wslay was about to get */
    sp_buffer *output;
    sp_random *random;
    uint32_t close_code; /* what sp_frames_next refused with */
    const char *error;
} sp_frames;

/* Prepares for a new connection; what the last one left is forgotten. */
void sp_frames_open(sp_frames *frames, sp_buffer *output, sp_random *random, uint64_t max_message);
void sp_frames_free(sp_frames *frames);

/* Takes what has arrived; what was handed out stays where it is. SPECTACLES_E_NOMEM. */
int sp_frames_feed(sp_frames *frames, const uint8_t *bytes, size_t length);

/* What was handed out is not needed any more. */
void sp_frames_forget(sp_frames *frames);

/*
 * 1 and the next frame, 0 when more bytes are needed, or an error: SPECTACLES_E_PROTO and SPECTACLES_E_TOOBIG
 * (close_code and error say what to tell the peer and the owner), SPECTACLES_E_NOMEM. What breaks a rule with its
 * header is refused as soon as the header is there; after a refusal everything that comes is dropped.
 */
int sp_frames_next(sp_frames *frames, sp_frame *out);

/* As sp_frames_forget, and memory that an idle connection does not need goes back. */
void sp_frames_shrink(sp_frames *frames);

/* Appends a masked frame to the output: all of it, or nothing and SPECTACLES_E_NOMEM. */
int sp_frames_send(sp_frames *frames, enum sp_frame_kind kind, sp_slice payload);

/* Appends a close frame with this code. */
int sp_frames_send_close(sp_frames *frames, uint32_t code);

/* What a close frame says. */
typedef struct sp_close {
    uint32_t code;   /* 0: the frame is empty */
    sp_slice reason; /* in the frame's payload; not UTF-8 when that is the mistake */
    uint32_t
        mistake; /* the code that answers it: 1002 (the code may not be sent), 1007 (the reason); 0: none */
} sp_close;

sp_close sp_frame_close(sp_slice payload);

/* Whether a close frame may bear this code (RFC 6455, section 7.4). */
bool sp_close_code_may_be_sent(uint32_t code);

#endif
