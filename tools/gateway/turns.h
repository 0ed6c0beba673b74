#ifndef GATEWAY_TURNS_H
#define GATEWAY_TURNS_H

#include <stdint.h>

enum {
    TURNS_COUNT = 15 /* within 1, 2, 4 .. 8192 milliseconds, and the last one for all that took longer */
};

/*
 * How long the turns of the loop took: everything between two waits. A loop that turns slowly sends heartbeats late and
 * answers nobody. Counts by duration only grow, so that several may read them, each over a time of its own. All zero:
 * there was no turn.
 */
struct turns {
    uint64_t counts[TURNS_COUNT];
    uint64_t time;  /* milliseconds of all turns together */
    uint64_t begun; /* when the present turn began; 0: there was none */
};

/* A turn begins: the wait is over. */
void turns_begin(struct turns *turns, uint64_t now);

/* It ends: the next wait begins. Without a beginning nothing is counted. */
void turns_end(struct turns *turns, uint64_t now);

#endif
