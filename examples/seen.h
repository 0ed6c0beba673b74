#ifndef EXAMPLES_SEEN_H
#define EXAMPLES_SEEN_H

#include <stdbool.h>

/*
 * The message-ids of the last events, to recognise copies. The gateway publishes an event again when it does not know
 * whether the broker has the event. All copies have the same id.
 */
struct seen;

/* Remembers the last `most` ids. Exits when out of memory. */
struct seen *seen_new(unsigned most);
void seen_free(struct seen *seen);

bool seen_before(const struct seen *seen, const char *id);
void seen_add(struct seen *seen, const char *id);

#endif
