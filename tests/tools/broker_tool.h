#ifndef TESTS_BROKER_TOOL_H
#define TESTS_BROKER_TOOL_H

#include <spectacles/broker.h>
#include <spectacles/codec.h>
#include <spectacles/link.h>
#include <stddef.h>
#include <stdint.h>

/* What the files of broker_tool share. */

enum {
    HEADERS_MAX = 4,
    LINE_MAX_BYTES = 4096
};

/* What a publish command asks for; the names live as long as the tool. */
typedef struct order {
    uint64_t size;
    uint32_t flags;
    char key[256];
    char exchange[256];
    int has_exchange; /* else that of the group */
    char expiration[16];
    uint32_t priority;
    size_t header_count;
    spectacles_header headers[HEADERS_MAX];
    char names[HEADERS_MAX][64]; /* NAME=VALUE, which the headers point into */
} order;

typedef struct tool {
    spectacles_broker *broker;
    const char *prefix;
    uint64_t published;
    uint64_t *held; /* deliveries that are not acknowledged */
    size_t held_count;
    int hold;
    int reply;
    uint32_t format; /* RAW: bodies are not looked at */
    spectacles_bytes *json;
    int forever; /* publish_forever is in force */
    uint64_t patience;
    uint64_t skipped;  /* milliseconds that its clock is ahead */
    uint64_t retry_at; /* of a subscription */
    order publish_forever;
    char line[LINE_MAX_BYTES];
    size_t line_length;
    int input_ended;
} tool;

/* The clock of the library, and what was skipped. */
uint64_t now_of(const tool *work);

/* ---- broker_tool_output.c: lines of JSON on standard output ---- */

/* Begins a line: kind is "event" or "did". What follows puts one member each. */
void put_begin(const tool *work, const char *kind, const char *name);
void put_end(void);
void put_text(const char *name, const void *bytes, size_t length);

/* Nothing when the text is NULL. */
void put_string(const char *name, const char *text);
void put_number(const char *name, uint64_t number);

/* Nothing when it is no error. */
void put_error(int error);

/* The whole line of an event. */
void put_event(const tool *work, const spectacles_broker_event *event);

/* With --format, in JSON, whatever it came in. Lasts until the next one. */
const char *body_of(const tool *work, const spectacles_broker_event *event, int *length);

/* ---- broker_tool_commands.c: lines of standard input ---- */

/* Reads what has come, and does what the whole lines say. */
void read_commands(tool *work);

/* With publish-forever: as many as the window takes. */
void publish_what_fits(tool *work);

#endif
