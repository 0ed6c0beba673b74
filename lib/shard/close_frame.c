/*
 * The close frame of the gateway: what its code and reason mean, and how it is answered. Called by receive.c.
 */
#include "shard/close_frame.h"

#include "shard/connection.h"

#include <spectacles/routing.h>

static void add_privileged_intents(const spectacles_shard *shard, sp_text *text)
{
    const char *before = "; of these were asked for:";
    uint64_t privileged = spectacles_intents_privileged(shard->intents);
    for (uint32_t bit = 0; bit < 64; bit++) {
        if (!(privileged >> bit & 1))
            continue;
        sp_text_add(text, "%s %s", before, spectacles_intent_name(UINT64_C(1) << bit));
        before = ",";
    }
}

static void add_nameless_intents(const spectacles_shard *shard, sp_text *text)
{
    const char *before = "; this library has no name for bit";
    for (uint32_t bit = 0; bit < 64; bit++) {
        if (!(shard->intents >> bit & 1) || spectacles_intent_name(UINT64_C(1) << bit))
            continue;
        sp_text_add(text, "%s %u", before, (unsigned)bit);
        before = ",";
    }
}

/* 4001, 4002 and 4008 are caused by what this shard sent: adds the ops of its last payloads. */
static void add_last_ops(const spectacles_shard *shard, sp_text *text)
{
    sp_text_add(text, "; sent last, the newest first: op");
    for (size_t i = 0; i < SP_OPS_KEPT && shard->last_ops[i] != 0xff; i++)
        sp_text_add(text, "%s %u", i ? "," : "", (unsigned)shard->last_ops[i]);
}

/* Adds the setting that the code is about. */
static void add_details(const spectacles_shard *shard, uint32_t code, sp_text *text)
{
    if (code == 4001 || code == 4002 || code == 4008)
        add_last_ops(shard, text);
    else if (code == 4010)
        sp_text_add(text, "; this is shard %u of %u", (unsigned)shard->id, (unsigned)shard->count);
    else if (code == 4011)
        sp_text_add(text, "; the shard count is %u", (unsigned)shard->count);
    else if (code == 4012)
        sp_text_add(text, "; version %u was asked for", (unsigned)shard->version);
    else if (code == 4013)
        add_nameless_intents(shard, text);
    else if (code == 4014)
        add_privileged_intents(shard, text);
}

static void add_reason(const sp_close *close, sp_text *text)
{
    if (close->reason.length == 0)
        return;
    sp_text_add(text, ": ");
    sp_text_add_foreign(text, close->reason.bytes, close->reason.length, SP_CONTROL_MAX);
}

/* A code that no close frame may carry says nothing about the session: the shard resumes. */
static void on_forbidden_close(spectacles_shard *shard, const sp_close *close, uint64_t now)
{
    sp_close_reason *reason = sp_shard_set_reason(shard, 0, SPECTACLES_E_PROTO, SP_CLOSE_RESUME);
    if (reason) {
        if (close->code)
            sp_text_set(&reason->text, "the gateway closed with code %u, which no close frame may bear",
                        (unsigned)close->code);
        else
            sp_text_set(&reason->text, "the gateway sent a close frame whose code is cut off or 0");
        add_reason(close, &reason->text);
    }
    sp_shard_close_connection(shard, close->mistake, now);
}

static void describe_close(const spectacles_shard *shard, const sp_close *close, const char *text,
                           sp_close_reason *reason)
{
    sp_text_set(&reason->text, "%s", text);
    if (close->code)
        sp_text_add(&reason->text, " (close code %u)", (unsigned)close->code);
    add_details(shard, close->code, &reason->text);
    if (close->mistake)
        sp_text_add(&reason->text, "; its reason is not UTF-8, which breaks the protocol");
    add_reason(close, &reason->text);
}

/*
 * The code of the answer: the code of the peer only where it keeps the session, because 1000 and 1001 would end it.
 */
static uint32_t answer_to(const sp_close *close)
{
    if (close->mistake)
        return close->mistake;
    return close->code >= 3000 ? close->code : SP_CLOSE_CODE_RECONNECT;
}

/* A token that was replaced says nothing about the token of the next connection. */
static enum sp_close_plan plan_of(const spectacles_shard *shard, uint32_t code, const char **text)
{
    enum sp_close_plan plan = sp_close_plan_of(code, text);
    if (code != 4004 || !shard->sent_former_token)
        return plan;
    *text = "the former token is not valid any more, and the next connection logs in with the new one";
    return SP_CLOSE_RESUME;
}

void sp_shard_on_close(spectacles_shard *shard, sp_slice payload, uint64_t now)
{
    const sp_close close = sp_frame_close(payload);
    const char *text;
    if (shard->state == SPECTACLES_SHARD_CLOSING) {
        sp_shard_end_connection(shard, now);
        return;
    }
    if (close.mistake == SP_CLOSE_CODE_FORBIDDEN) {
        on_forbidden_close(shard, &close, now);
        return;
    }
    enum sp_close_plan plan = plan_of(shard, close.code, &text);
    sp_close_reason *reason = sp_shard_set_reason(shard, close.code, SPECTACLES_E_CLOSED, plan);
    if (reason) {
        reason->error = close.code == 4004 ? SPECTACLES_E_AUTH
                        : close.mistake    ? SPECTACLES_E_PROTO
                                           : SPECTACLES_E_CLOSED;
        describe_close(shard, &close, text, reason);
    }
    sp_shard_close_connection(shard, answer_to(&close), now);
}
