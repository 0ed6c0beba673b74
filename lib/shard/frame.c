/*
 * WebSocket frames in memory: reading, putting messages together, writing. Called by receive.c, send.c and stream.c.
 */
#include "shard/frame.h"

#include "core/text.h"

#include <string.h>
#include <wslay/wslay.h>

enum {
    HEADER_MAX = 14,          /* bytes of the largest header of a masked frame */
    BUSY_MESSAGE = 64 * 1024, /* bytes that the message buffer keeps between two messages */
    KEPT_MESSAGE = 1024,      /* bytes that it keeps while the connection is idle */
    KEPT_INPUT = 1024
};

static int refuse(sp_frames *frames, int error, uint32_t close_code, const char *text)
{
    frames->refused = true;
    frames->close_code = close_code;
    frames->error = text;
    return error;
}

/* ---- Headers ---- */

typedef struct header {
    bool final;
    bool reserved; /* a bit is set that is for extensions */
    bool masked;
    uint8_t opcode;
    uint64_t payload; /* bytes of the payload */
    size_t length;    /* bytes of the header */
} header;

/* Reads the header at the front of the bytes (RFC 6455, section 5.2). False when it is not complete yet. */
static bool read_header(sp_slice held, header *out)
{
    sp_reader reader = sp_reader_of(held);
    uint8_t first = sp_reader_u8(&reader);
    uint8_t second = sp_reader_u8(&reader);
    uint64_t payload = second & 0x7f;
    if (payload == 126)
        payload = sp_reader_u16(&reader);
    else if (payload == 127)
        payload = sp_reader_u64(&reader);
    sp_reader_take(&reader, second & 0x80 ? 4 : 0);
    *out = (header){.final = first & 0x80,
                    .reserved = first & 0x70,
                    .masked = second & 0x80,
                    .opcode = first & 0x0f,
                    .payload = payload,
                    .length = reader.position};
    return !reader.failed;
}

static bool is_control(uint8_t opcode)
{
    return opcode & 0x8;
}

/* The rule that a header breaks by itself, whatever came before it. NULL: none. */
static const char *mistake_of(const header *frame)
{
    if (frame->masked)
        return "the gateway sent a masked frame";
    if (frame->reserved)
        return "the gateway sent a frame with reserved bits";
    if (frame->opcode > WSLAY_PONG || (frame->opcode > WSLAY_BINARY_FRAME && !is_control(frame->opcode)))
        return "the gateway sent a frame of an unknown kind";
    if (is_control(frame->opcode) && (!frame->final || frame->payload > SP_CONTROL_MAX))
        return "the gateway sent a control frame that is too long or in pieces";
    if (frame->payload > INT64_MAX)
        return "the gateway sent a frame whose length is not valid";
    return NULL;
}

static int begin_data(sp_frames *frames, const header *frame)
{
    uint64_t held = sp_buffer_length(&frames->message);
    if (frame->opcode == WSLAY_CONTINUATION_FRAME && !frames->message_kind)
        return refuse(frames, SPECTACLES_E_PROTO, 1002,
                      "the gateway continued a message that it had not begun");
    if (frame->opcode != WSLAY_CONTINUATION_FRAME && frames->message_kind)
        return refuse(frames, SPECTACLES_E_PROTO, 1002, "the gateway began a message inside another");
    if (frame->payload > frames->max_message || held > frames->max_message - frame->payload)
        return refuse(frames, SPECTACLES_E_TOOBIG, 1009,
                      "the gateway sent a message over the limit on its size");
    if (frame->opcode != WSLAY_CONTINUATION_FRAME)
        frames->message_kind = frame->opcode;
    return SPECTACLES_OK;
}

/* Begins a frame when it is valid at this place (RFC 6455, sections 5.1, 5.2, 5.4, 5.5). Needs the header only. */
static int begin_frame(sp_frames *frames, const header *frame)
{
    const char *mistake = mistake_of(frame);
    if (mistake)
        return refuse(frames, SPECTACLES_E_PROTO, 1002, mistake);
    frames->opcode = frame->opcode;
    frames->unread = frames->left = frame->payload;
    frames->final = frame->final;
    if (!is_control(frame->opcode))
        return begin_data(frames, frame);
    frames->control_length = 0;
    return SPECTACLES_OK;
}

/* ---- What wslay calls ---- */

static ssize_t take_header(sp_frames *frames, uint8_t *bytes, size_t room)
{
    header frame;
    sp_slice held = sp_buffer_slice(&frames->input);
    if (!read_header(held, &frame) || frame.length > room)
        return -1;
    frames->verdict = begin_frame(frames, &frame);
    if (frames->verdict != SPECTACLES_OK)
        return -1;
    memcpy(bytes, held.bytes, frame.length);
    sp_buffer_consume(&frames->input, frame.length);
    frames->inside = true;
    return (ssize_t)frame.length;
}

/*
 * The source of wslay's input. Headers are copied to wslay. Payloads are not copied: wslay is told how many bytes
 * there are, and the payload stays in the input.
 */
static ssize_t take_input(uint8_t *bytes, size_t room, int flags, void *user)
{
    sp_frames *frames = user;
    (void)flags;
    if (!frames->inside)
        return take_header(frames, bytes, room);
    size_t take = sp_buffer_length(&frames->input) - frames->lent;
    take = take < room ? take : room;
    take = take < frames->unread ? take : (size_t)frames->unread;
    frames->lent += take;
    frames->unread -= take;
    return take > 0 ? (ssize_t)take : -1;
}

/* Cannot fail: sp_frames_send() has reserved the room. */
static ssize_t give_output(const uint8_t *bytes, size_t length, int flags, void *user)
{
    sp_frames *frames = user;
    (void)flags;
    return sp_buffer_append(frames->output, bytes, length) == SPECTACLES_OK ? (ssize_t)length : -1;
}

static int make_mask(uint8_t *bytes, size_t length, void *user)
{
    sp_frames *frames = user;
    uint64_t word = sp_random_next(frames->random);
    for (size_t i = 0; i < length; i++)
        bytes[i] = (uint8_t)(word >> (8 * (i % 8)));
    return 0;
}

void sp_frames_free(sp_frames *frames)
{
    if (frames->wslay)
        wslay_frame_context_free(frames->wslay);
    sp_buffer_free(&frames->input);
    sp_buffer_free(&frames->message);
    *frames = (sp_frames){0};
}

void sp_frames_open(sp_frames *frames, sp_buffer *output, sp_random *random, uint64_t max_message)
{
    sp_frames_free(frames);
    frames->input.watched = frames->message.watched = true;
    frames->output = output;
    frames->random = random;
    frames->max_message = max_message;
}

/* Makes the context of wslay when there is none. It takes 4 KiB, and an idle connection has none. */
static int make_wslay(sp_frames *frames)
{
    const struct wslay_frame_callbacks callbacks = {give_output, take_input, make_mask};
    struct wslay_frame_context *context = NULL;
    if (frames->wslay)
        return SPECTACLES_OK;
    /* After a failure `context` is a dangling pointer: it must not be kept. */
    if (wslay_frame_context_init(&context, &callbacks, frames) != 0)
        return SPECTACLES_E_NOMEM;
    frames->wslay = context;
    return SPECTACLES_OK;
}

/* Frees the context of wslay, unless a frame is incomplete. Between two frames the context holds no information. */
static void free_wslay(sp_frames *frames)
{
    if (frames->wslay && !frames->inside)
        wslay_frame_context_free(frames->wslay);
    frames->wslay = frames->inside ? frames->wslay : NULL;
}

/* ---- Payloads ---- */

static sp_slice lent(const sp_frames *frames)
{
    return (sp_slice){sp_buffer_slice(&frames->input).bytes, frames->lent};
}

static void give_back(sp_frames *frames)
{
    sp_buffer_consume(&frames->input, frames->lent);
    frames->lent = 0;
}

/* Moves the payload that has arrived from the input to the message, or to the control frame. */
static int gather(sp_frames *frames)
{
    int error = SPECTACLES_OK;
    sp_slice piece = lent(frames);
    if (piece.length == 0)
        return SPECTACLES_OK;
    if (is_control(frames->opcode)) {
        memcpy(frames->control + frames->control_length, piece.bytes, piece.length);
        frames->control_length += piece.length;
    } else {
        error = sp_buffer_append(&frames->message, piece.bytes, piece.length);
    }
    give_back(frames);
    return error;
}

static int hand_out(sp_frames *frames, sp_frame *out, enum sp_frame_kind kind, sp_slice payload)
{
    out->kind = kind;
    out->payload = payload;
    frames->handed_out = true;
    return 1;
}

static int end_control(sp_frames *frames, sp_frame *out)
{
    static const enum sp_frame_kind kinds[] = {SP_FRAME_CLOSE, SP_FRAME_PING, SP_FRAME_PONG};
    gather(frames);
    return hand_out(frames, out, kinds[frames->opcode - WSLAY_CONNECTION_CLOSE],
                    (sp_slice){frames->control, frames->control_length});
}

/* A message in one frame is handed out without a copy. */
static int end_message(sp_frames *frames, sp_frame *out)
{
    bool text = frames->message_kind == WSLAY_TEXT_FRAME;
    bool in_one_piece = frames->final && sp_buffer_length(&frames->message) == 0;
    int error = in_one_piece ? SPECTACLES_OK : gather(frames);
    if (error != SPECTACLES_OK || !frames->final)
        return error;
    frames->message_kind = 0;
    return hand_out(frames, out, text ? SP_FRAME_TEXT : SP_FRAME_BINARY,
                    in_one_piece ? lent(frames) : sp_buffer_slice(&frames->message));
}

/* The present frame is complete. Returns 1 when it completes a message, or is a control frame. */
static int end_frame(sp_frames *frames, sp_frame *out)
{
    frames->inside = false;
    return is_control(frames->opcode) ? end_control(frames, out) : end_message(frames, out);
}

void sp_frames_forget(sp_frames *frames)
{
    if (!frames->handed_out)
        return;
    frames->handed_out = false;
    frames->control_length = 0;
    give_back(frames);
    if (frames->message_kind)
        return;
    sp_buffer_clear(&frames->message);
    sp_buffer_shrink(&frames->message, BUSY_MESSAGE);
}

void sp_frames_shrink(sp_frames *frames)
{
    sp_frames_forget(frames);
    if (!frames->message_kind)
        sp_buffer_shrink(&frames->message, KEPT_MESSAGE);
    sp_buffer_shrink(&frames->input, KEPT_INPUT);
    free_wslay(frames);
}

/* The input needs more room, and a payload that was handed out points into it: the old memory stays, as `message`. */
static int move_on(sp_frames *frames, size_t length)
{
    sp_buffer fresh = {.watched = true};
    sp_slice held = sp_buffer_slice(&frames->input);
    size_t rest = held.length - frames->lent;
    if (length > SIZE_MAX - rest || !sp_buffer_reserve(&fresh, rest + length))
        return SPECTACLES_E_NOMEM;
    if (rest > 0)
        sp_buffer_append(&fresh, held.bytes + frames->lent, rest);
    sp_buffer_free(&frames->message);
    frames->message = frames->input;
    frames->input = fresh;
    frames->lent = 0;
    return SPECTACLES_OK;
}

int sp_frames_feed(sp_frames *frames, const uint8_t *bytes, size_t length)
{
    bool moves = frames->input.capacity - frames->input.end < length;
    if (frames->handed_out && frames->lent > 0 && moves) {
        int error = move_on(frames, length);
        if (error != SPECTACLES_OK)
            return error;
    }
    return sp_buffer_append(&frames->input, bytes, length);
}

/* Reads frames until one is to be handed out (1), or more input is needed (0). */
static int read_on(sp_frames *frames, sp_frame *out)
{
    struct wslay_frame_iocb frame;
    for (;;) {
        ssize_t got = wslay_frame_recv(frames->wslay, &frame);
        if (frames->refused)
            return frames->verdict;
        if (got == WSLAY_ERR_WANT_READ)
            return gather(frames);
        if (got < 0)
            return refuse(frames, SPECTACLES_E_PROTO, 1002, "the gateway sent a malformed WebSocket frame");
        frames->left -= frame.data_length;
        int done = frames->left == 0 ? end_frame(frames, out) : SPECTACLES_OK;
        if (done != 0)
            return done;
    }
}

int sp_frames_next(sp_frames *frames, sp_frame *out)
{
    sp_frames_forget(frames);
    /* After a frame that breaks a rule it is not known where the next frame begins. */
    if (frames->refused)
        sp_buffer_clear(&frames->input);
    if (sp_buffer_length(&frames->input) == 0)
        return 0;
    return make_wslay(frames) == SPECTACLES_OK ? read_on(frames, out) : SPECTACLES_E_NOMEM;
}

int sp_frames_send(sp_frames *frames, enum sp_frame_kind kind, sp_slice payload)
{
    static const uint8_t opcodes[] = {[SP_FRAME_TEXT] = WSLAY_TEXT_FRAME,
                                      [SP_FRAME_BINARY] = WSLAY_BINARY_FRAME,
                                      [SP_FRAME_CLOSE] = WSLAY_CONNECTION_CLOSE,
                                      [SP_FRAME_PING] = WSLAY_PING,
                                      [SP_FRAME_PONG] = WSLAY_PONG};
    static const uint8_t nothing[1] = {0};
    if (make_wslay(frames) != SPECTACLES_OK)
        return SPECTACLES_E_NOMEM;
    if (payload.length > SIZE_MAX - HEADER_MAX ||
        !sp_buffer_reserve(frames->output, payload.length + HEADER_MAX)) {
        frames->output->failed = false;
        return SPECTACLES_E_NOMEM;
    }
    struct wslay_frame_iocb frame = {.fin = 1,
                                     .opcode = opcodes[kind],
                                     .payload_length = payload.length,
                                     .mask = 1,
                                     .data = payload.bytes ? payload.bytes : nothing,
                                     .data_length = payload.length};
    size_t sent = 0;
    do {
        ssize_t took = wslay_frame_send(frames->wslay, &frame);
        if (took < 0)
            return SPECTACLES_E_NOMEM;
        sent += (size_t)took;
        frame.data += took;
        frame.data_length -= (size_t)took;
    } while (sent < payload.length);
    return SPECTACLES_OK;
}

int sp_frames_send_close(sp_frames *frames, uint32_t code)
{
    uint8_t payload[2] = {(uint8_t)(code >> 8), (uint8_t)code};
    return sp_frames_send(frames, SP_FRAME_CLOSE, (sp_slice){payload, sizeof payload});
}

/* ---- Close frames ---- */

/*
 * RFC 6455, section 7.4, and IANA's registry for 1012 to 1014. 1004 to 1006 and 1015 are reserved: no close frame
 * carries them.
 */
bool sp_close_code_may_be_sent(uint32_t code)
{
    return (code >= 1000 && code <= 1014 && (code < 1004 || code > 1006)) || (code >= 3000 && code <= 4999);
}

static bool is_utf8(sp_slice text)
{
    size_t width = 1;
    for (size_t at = 0; at < text.length && width > 0; at += width)
        width = sp_utf8_sequence(text.bytes + at, text.length - at);
    return width > 0;
}

sp_close sp_frame_close(sp_slice payload)
{
    sp_reader reader = sp_reader_of(payload);
    sp_close close = {0};
    if (payload.length == 0)
        return close;
    close.code = sp_reader_u16(&reader);
    close.reason = sp_reader_take(&reader, sp_reader_left(&reader));
    if (reader.failed || !sp_close_code_may_be_sent(close.code))
        close.mistake = 1002;
    else if (!is_utf8(close.reason))
        close.mistake = 1007;
    return close;
}
