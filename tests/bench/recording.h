/*
 * What Discord sends on the connection of one shard, packed and framed before anything is measured: HELLO, READY, the
 * events, and answers to heartbeats. The shards take the events of a corpus in turn.
 */
#ifndef BENCH_RECORDING_H
#define BENCH_RECORDING_H

#include <stddef.h>
#include <stdint.h>

/* Where the events begin among the messages of a recording. */
enum {
    RECORDING_HELLO,
    RECORDING_READY,
    RECORDING_EVENTS
};

typedef struct corpus_event {
    const char *name;
    size_t name_length;
    const char *data;
    size_t data_length;
} corpus_event;

typedef struct corpus {
    char *text;
    corpus_event *events;
    size_t length;
} corpus;

typedef struct recording {
    uint8_t *bytes;
    size_t length, room;
    size_t *ends;    /* of each message, in bytes */
    size_t messages; /* HELLO and READY among them */
    size_t events;
} recording;

typedef struct recording_plan {
    const char *compression; /* "none", "zlib-stream" or "zstd-stream" */
    uint32_t shards;
    size_t events;      /* of all shards together */
    size_t acks;        /* answers to heartbeats, of each shard, after its events */
    uint32_t heartbeat; /* milliseconds, as HELLO says */
    const char *url;    /* where READY says that a session is resumed */
} recording_plan;

/* Reads a file of lines: the name of an event, a tab, its d. The process ends with a sentence when that fails. */
void corpus_read(corpus *out, const char *path);

/* Makes the recordings of all shards; freed with the process. */
recording *recordings_new(const corpus *from, const recording_plan *plan);

#endif
