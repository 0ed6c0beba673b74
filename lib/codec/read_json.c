/* Reads JSON as events. transcode.c, convert_msgpack.c and documents call it. */
#include "codec/read_json.h"

#include "codec/number.h"

void sp_json_reader_start(sp_json_reader *reader, sp_slice text, bool replace)
{
    reader->replace = replace;
    reader->scanner = sp_scanner_of(text);
    reader->expects = SP_JSON_EXPECTS_VALUE;
    reader->depth = 0;
}

static bool in_object(const sp_json_reader *reader)
{
    size_t top = reader->depth - 1;
    return reader->objects[top / 8] >> (top % 8) & 1;
}

static int refuse(sp_json_reader *reader, const char *why)
{
    sp_scanner_refuse(&reader->scanner, why);
    return SPECTACLES_E_PROTO;
}

static int open_container(sp_json_reader *reader, sp_event *event, bool object)
{
    if (reader->depth == SPECTACLES_DEPTH_MAX)
        return refuse(reader, "the text is nested too deep");
    size_t top = reader->depth++;
    uint8_t bit = (uint8_t)(1u << (top % 8));
    reader->objects[top / 8] =
        (uint8_t)(object ? reader->objects[top / 8] | bit : reader->objects[top / 8] & ~bit);
    reader->scanner.at++;
    reader->expects = SP_JSON_EXPECTS_FIRST;
    event->type = object ? SP_EVENT_OBJECT : SP_EVENT_ARRAY;
    event->as.count = 0;
    return 1;
}

static int close_container(sp_json_reader *reader, sp_event *event)
{
    event->type = in_object(reader) ? SP_EVENT_END_OBJECT : SP_EVENT_END_ARRAY;
    reader->depth--;
    reader->expects = SP_JSON_EXPECTS_COMMA;
    return 1;
}

static void number(sp_event *event)
{
    sp_slice text = event->text;
    bool whole = true;
    for (size_t i = 0; i < text.length && whole; i++)
        whole = text.bytes[i] == '-' || (text.bytes[i] >= '0' && text.bytes[i] <= '9');
    /* Only a double can be a negative zero. */
    bool minus_zero = text.length == 2 && text.bytes[0] == '-' && text.bytes[1] == '0';
    event->form = SP_FORM_DECIMAL;
    if (!whole || minus_zero)
        event->type = SP_EVENT_REAL;
    else if (sp_number_integer(text, &event->as.integer))
        event->type = SP_EVENT_INTEGER;
    else if (text.bytes[0] != '-' && sp_number_natural(text, &event->as.natural))
        event->type = SP_EVENT_UNSIGNED;
    else
        event->type = SP_EVENT_BIG;
}

static enum sp_event_form form_of_last_string(const sp_json_reader *reader)
{
    if (!reader->scanner.escaped)
        return SP_FORM_PLAIN;
    return reader->replace ? SP_FORM_JSON_REPLACED : SP_FORM_JSON;
}

static int text(sp_json_reader *reader, sp_event *event)
{
    if (!sp_scanner_string(&reader->scanner, &event->text))
        return SPECTACLES_E_PROTO;
    reader->expects = SP_JSON_EXPECTS_COMMA;
    event->type = SP_EVENT_TEXT;
    event->form = form_of_last_string(reader);
    return 1;
}

static int number_or_word(sp_json_reader *reader, sp_event *event)
{
    if (!sp_scanner_value(&reader->scanner, &event->text))
        return SPECTACLES_E_PROTO;
    reader->expects = SP_JSON_EXPECTS_COMMA;
    switch (event->text.bytes[0]) {
    case 'n':
        event->type = SP_EVENT_NULL;
        return 1;
    case 't':
        event->type = SP_EVENT_TRUE;
        return 1;
    case 'f':
        event->type = SP_EVENT_FALSE;
        return 1;
    default:
        number(event);
        return 1;
    }
}

static int value(sp_json_reader *reader, sp_event *event)
{
    sp_scanner *scanner = &reader->scanner;
    sp_scanner_space(scanner);
    event->at = scanner->at;
    uint8_t first = scanner->at < scanner->end ? *scanner->at : 0;
    if (first == '{' || first == '[')
        return open_container(reader, event, first == '{');
    return first == '"' ? text(reader, event) : number_or_word(reader, event);
}

static int key(sp_json_reader *reader, sp_event *event)
{
    sp_scanner_space(&reader->scanner);
    event->at = reader->scanner.at;
    if (!sp_scanner_key(&reader->scanner, &event->text))
        return SPECTACLES_E_PROTO;
    reader->expects = SP_JSON_EXPECTS_VALUE;
    event->type = SP_EVENT_KEY;
    event->form = form_of_last_string(reader);
    return 1;
}

static int member_or_element(sp_json_reader *reader, sp_event *event)
{
    return in_object(reader) ? key(reader, event) : value(reader, event);
}

static int after_value(sp_json_reader *reader, sp_event *event)
{
    sp_scanner *scanner = &reader->scanner;
    if (reader->depth == 0)
        return sp_scanner_end(scanner) ? 0 : SPECTACLES_E_PROTO;
    sp_scanner_space(scanner);
    event->at = scanner->at;
    if (sp_scanner_eat(scanner, ','))
        return member_or_element(reader, event);
    if (sp_scanner_eat(scanner, in_object(reader) ? '}' : ']'))
        return close_container(reader, event);
    return refuse(reader, in_object(reader) ? "a comma or a closing brace was expected here"
                                            : "a comma or a closing bracket was expected here");
}

int sp_json_reader_next(sp_json_reader *reader, sp_event *event)
{
    switch (reader->expects) {
    case SP_JSON_EXPECTS_VALUE:
        return value(reader, event);
    case SP_JSON_EXPECTS_FIRST:
        sp_scanner_space(&reader->scanner);
        event->at = reader->scanner.at;
        if (sp_scanner_eat(&reader->scanner, in_object(reader) ? '}' : ']'))
            return close_container(reader, event);
        return member_or_element(reader, event);
    default:
        return after_value(reader, event);
    }
}
