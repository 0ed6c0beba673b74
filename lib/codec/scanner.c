/* Checks JSON text, value by value. The readers of JSON (json.c, read_json.c, envelope_json.c) call it. */
#include "codec/scanner.h"

#include "codec/blocks.h"
#include "codec/plain.h"
#include "codec/token.h"
#include "core/config.h"
#include "core/text.h"

#include <spectacles/codec.h>
#include <string.h>

sp_scanner sp_scanner_of(sp_slice text)
{
    static const uint8_t nothing[1] = {0};
    const uint8_t *bytes = text.bytes ? text.bytes : nothing;
    return (sp_scanner){bytes, bytes, bytes + text.length, NULL, false};
}

bool sp_scanner_refuse(sp_scanner *scanner, const char *why)
{
    scanner->error = why;
    return false;
}

int sp_scanner_problem(const sp_scanner *scanner, spectacles_problem *problem)
{
    return sp_refuse_at(problem, SPECTACLES_E_PROTO, scanner->error, (size_t)(scanner->at - scanner->start));
}

/* ---- Strings ---- */

static bool pass_utf8(sp_scanner *scanner)
{
    size_t width = sp_utf8_sequence(scanner->at, (size_t)(scanner->end - scanner->at));
    if (width == 0)
        return sp_scanner_refuse(scanner, "the text is not UTF-8");
    scanner->at += width;
    return true;
}

static bool pass_escape(sp_scanner *scanner)
{
    const uint8_t *at = scanner->at + 1;
    size_t width = sp_token_escape(at, scanner->end);
    if (width == 0 && (at == scanner->end || (*at == 'u' && scanner->end - at < 5)))
        return sp_scanner_refuse(scanner, "a string ends in the middle of an escape");
    if (width == 0)
        return sp_scanner_refuse(scanner, *at == 'u' ? "\\u is not followed by four hexadecimal digits"
                                                     : "a string has an unknown escape");
    scanner->at = at + width;
    scanner->escaped = true;
    return true;
}

bool sp_scanner_string(sp_scanner *scanner, sp_slice *inside)
{
    if (!sp_scanner_eat(scanner, '"'))
        return sp_scanner_refuse(scanner, "a string was expected here");
    const uint8_t *first = scanner->at;
    scanner->escaped = false;
    for (;;) {
        scanner->at = sp_plain_pass(scanner->at, scanner->end);
        if (scanner->at == scanner->end)
            return sp_scanner_refuse(scanner, "a string has no closing quote");
        uint8_t byte = *scanner->at;
        if (byte == '"')
            break;
        if (byte < 0x20)
            return sp_scanner_refuse(scanner, "a string holds a control character that is not escaped");
        if (byte == '\\' ? !pass_escape(scanner) : !pass_utf8(scanner))
            return false;
    }
    *inside = (sp_slice){first, (size_t)(scanner->at - first)};
    scanner->at++;
    return true;
}

/* ---- Numbers and words ---- */

static bool pass_number(sp_scanner *scanner)
{
    const uint8_t *missing;
    const uint8_t *behind = sp_token_number(scanner->at, scanner->end, &missing);
    scanner->at = behind ? behind : missing;
    return behind || sp_scanner_refuse(scanner, "a number lacks a digit here");
}

static bool pass_word(sp_scanner *scanner, const char *word)
{
    size_t length = strlen(word);
    if ((size_t)(scanner->end - scanner->at) < length || memcmp(scanner->at, word, length) != 0)
        return sp_scanner_refuse(scanner, "neither a value nor one of null, true, false stands here");
    scanner->at += length;
    return true;
}

static bool pass_scalar(sp_scanner *scanner)
{
    sp_slice inside;
    switch (*scanner->at) {
    case '"':
        return sp_scanner_string(scanner, &inside);
    case 'n':
        return pass_word(scanner, "null");
    case 't':
        return pass_word(scanner, "true");
    case 'f':
        return pass_word(scanner, "false");
    default:
        if (*scanner->at == '-' || (*scanner->at >= '0' && *scanner->at <= '9'))
            return pass_number(scanner);
        return sp_scanner_refuse(scanner, "a value was expected here");
    }
}

/* ---- Values ---- */

/* The containers that are open: one bit for each level, set for an object. It replaces recursion. */
typedef struct nesting {
    uint8_t objects[SPECTACLES_DEPTH_MAX / 8];
    size_t depth;
} nesting;

/* What has to be read next. */
enum step {
    STEP_REFUSED,
    STEP_KEY,
    STEP_VALUE,
    STEP_AFTER
};

static bool in_object(const nesting *open)
{
    size_t top = open->depth - 1;
    return open->objects[top / 8] >> (top % 8) & 1;
}

static enum step open_container(sp_scanner *scanner, nesting *open, bool object)
{
    if (open->depth == SPECTACLES_DEPTH_MAX) {
        sp_scanner_refuse(scanner, "the text is nested too deep");
        return STEP_REFUSED;
    }
    size_t top = open->depth++;
    uint8_t bit = (uint8_t)(1u << (top % 8));
    open->objects[top / 8] = (uint8_t)(object ? open->objects[top / 8] | bit : open->objects[top / 8] & ~bit);
    scanner->at++;
    sp_scanner_space(scanner);
    if (sp_scanner_eat(scanner, object ? '}' : ']')) {
        open->depth--;
        return STEP_AFTER;
    }
    return object ? STEP_KEY : STEP_VALUE;
}

static enum step step_value(sp_scanner *scanner, nesting *open)
{
    sp_scanner_space(scanner);
    if (scanner->at == scanner->end) {
        sp_scanner_refuse(scanner, "the text ends where a value was expected");
        return STEP_REFUSED;
    }
    if (*scanner->at == '{' || *scanner->at == '[')
        return open_container(scanner, open, *scanner->at == '{');
    return pass_scalar(scanner) ? STEP_AFTER : STEP_REFUSED;
}

static enum step step_key(sp_scanner *scanner)
{
    sp_slice key;
    return sp_scanner_key(scanner, &key) ? STEP_VALUE : STEP_REFUSED;
}

static enum step step_after(sp_scanner *scanner, nesting *open)
{
    bool object = in_object(open);
    sp_scanner_space(scanner);
    if (sp_scanner_eat(scanner, ','))
        return object ? STEP_KEY : STEP_VALUE;
    if (sp_scanner_eat(scanner, object ? '}' : ']')) {
        open->depth--;
        return STEP_AFTER;
    }
    sp_scanner_refuse(scanner, object ? "a comma or a closing brace was expected here"
                                      : "a comma or a closing bracket was expected here");
    return STEP_REFUSED;
}

bool sp_scanner_key(sp_scanner *scanner, sp_slice *key)
{
    sp_scanner_space(scanner);
    if (scanner->at == scanner->end || *scanner->at != '"')
        return sp_scanner_refuse(scanner, "a key in quotes was expected here");
    if (!sp_scanner_string(scanner, key))
        return false;
    sp_scanner_space(scanner);
    return sp_scanner_eat(scanner, ':') || sp_scanner_refuse(scanner, "a colon was expected behind the key");
}

static bool pass_blocks(sp_scanner *scanner)
{
    return scanner->end - scanner->at >= SP_BLOCKS_MIN &&
           sp_blocks_pass(scanner->at, scanner->end, &scanner->at);
}

bool sp_scanner_walk(sp_scanner *scanner)
{
    nesting open;
    open.depth = 0;
    enum step step = step_value(scanner, &open);
    while (step != STEP_REFUSED && !(step == STEP_AFTER && open.depth == 0)) {
        if (step == STEP_VALUE)
            step = step_value(scanner, &open);
        else if (step == STEP_KEY)
            step = step_key(scanner);
        else
            step = step_after(scanner, &open);
    }
    return step != STEP_REFUSED;
}

static bool pass_value(sp_scanner *scanner)
{
    bool scalar = scanner->at < scanner->end && *scanner->at != '{' && *scanner->at != '[';
    return scalar ? pass_scalar(scanner) : pass_blocks(scanner) || sp_scanner_walk(scanner);
}

bool sp_scanner_value(sp_scanner *scanner, sp_slice *value)
{
    sp_scanner_space(scanner);
    const uint8_t *first = scanner->at;
    if (!pass_value(scanner))
        return false;
    *value = (sp_slice){first, (size_t)(scanner->at - first)};
    return true;
}

bool sp_scanner_end(sp_scanner *scanner)
{
    sp_scanner_space(scanner);
    return scanner->at == scanner->end || sp_scanner_refuse(scanner, "something stands behind the value");
}
