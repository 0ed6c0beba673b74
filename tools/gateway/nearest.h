#ifndef GATEWAY_NEAREST_H
#define GATEWAY_NEAREST_H

#include <stddef.h>

/* A search for the name that somebody meant. Begin with all zero. */
struct nearest {
    const char *name; /* the best so far; NULL: none is near enough */
    size_t distance;
};

/*
 * Looks at a name, without regard to case. It is near when one in six of its characters is wrong at most, and at most
 * three: a wrong, a missing and a surplus character count one, and so do two that changed places.
 */
void nearest_look(struct nearest *nearest, const char *name, const char *written, size_t length);

#endif
