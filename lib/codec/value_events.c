/*
 * Gives a value of a document to a writer, as events. write_value.c calls it for JSON and ETF, convert_msgpack.c for
 * MessagePack.
 */
#include "codec/document.h"

static int write_key(sp_event_taker to, const spectacles_value *value)
{
    sp_event event = {.type = SP_EVENT_KEY, .form = SP_FORM_CHECKED};
    event.text = (sp_slice){(const uint8_t *)value->key, value->key_length};
    return to.take(to.writer, &event);
}

static int write_one(sp_event_taker to, const spectacles_value *value)
{
    sp_event event = {.type = (enum sp_event_type)value->type};
    if (value->type == SP_EVENT_INTEGER || value->type == SP_EVENT_UNSIGNED)
        event.as.natural = value->as.natural;
    if (value->type == SP_EVENT_TEXT || value->type == SP_EVENT_BIG || value->type == SP_EVENT_REAL) {
        event.form = value->type == SP_EVENT_TEXT ? SP_FORM_CHECKED : SP_FORM_DECIMAL;
        event.text = (sp_slice){(const uint8_t *)value->as.text.chars, value->as.text.length};
    }
    return to.take(to.writer, &event);
}

static int write_end(sp_event_taker to, const spectacles_value *container)
{
    sp_event event = {.type = container->type == SP_EVENT_ARRAY ? SP_EVENT_END_ARRAY : SP_EVENT_END_OBJECT};
    return to.take(to.writer, &event);
}

/*
 * Without recursion: down to the first child, on to the next one, up to the parent. The links between the values lead
 * back, so that no stack is needed.
 */
int sp_value_events(const spectacles_value *root, sp_event_taker to)
{
    const spectacles_value *at = root;
    size_t depth = 0;
    for (;;) {
        int error = at->parent && at != root && at->parent->type == SP_EVENT_OBJECT ? write_key(to, at) : 0;
        error = error ? error : write_one(to, at);
        if (error)
            return error;
        if (sp_value_is_container(at) && depth == SPECTACLES_DEPTH_MAX)
            return SPECTACLES_E_TOOBIG;
        if (sp_value_is_container(at) && at->as.children.first) {
            at = at->as.children.first;
            depth++;
            continue;
        }
        if (sp_value_is_container(at) && (error = write_end(to, at)))
            return error;
        while (at != root && !at->next) {
            at = at->parent;
            depth--;
            if ((error = write_end(to, at)))
                return error;
        }
        if (at == root)
            return SPECTACLES_OK;
        at = at->next;
    }
}
