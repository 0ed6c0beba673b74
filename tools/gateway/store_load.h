#ifndef GATEWAY_STORE_LOAD_H
#define GATEWAY_STORE_LOAD_H

#include "session_writer.h"
#include "store.h"

/* What store.c and store_load.c share. */

enum store_state {
    STORE_CLEAN,
    STORE_DUE,
    STORE_WRITING,
    STORE_FAILED
};

struct store {
    struct session_file *file; /* until the writer has it */
    struct session_writer *writer;
    char where[PROBLEM_WHERE_SIZE];
    char path[PATH_MAX]; /* behind symlinks */
    uint8_t *bytes;      /* what was read; NULL: nothing, and after store_load() */
    size_t length;
    bool is_lost;          /* something was stored, or should have been, and is not known */
    uint32_t stored_count; /* of shards; 0: not known */
    spectacles_state *loaded;
    enum store_state state;
    uint64_t due;
    uint64_t again;    /* when another write is due after the present one; SPECTACLES_NEVER: it is not */
    uint64_t began_at; /* the present write */
    bool is_unwritten; /* the gateway's state was taken, and is not on the disk */
    bool is_late;      /* the disk has been silent for long, and that was told */
    bool is_finishing;
    struct store_stats stats;
};

#endif
