#include "seen.h"

#include <err.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

struct seen {
    void *tree;
    char **ring; /* in the order of arrival */
    unsigned most;
    unsigned next;
};

static int compare(const void *a, const void *b)
{
    return strcmp(a, b);
}

struct seen *seen_new(unsigned most)
{
    struct seen *seen = calloc(1, sizeof *seen);
    char **ring = calloc(most, sizeof *ring);
    if (!seen || !ring)
        errx(EXIT_FAILURE, "out of memory");
    seen->ring = ring;
    seen->most = most;
    return seen;
}

static void forget(struct seen *seen, unsigned place)
{
    if (!seen->ring[place])
        return;
    tdelete(seen->ring[place], &seen->tree, compare);
    free(seen->ring[place]);
    seen->ring[place] = NULL;
}

void seen_free(struct seen *seen)
{
    for (unsigned i = 0; i < seen->most; i++)
        forget(seen, i);
    free(seen->ring);
    free(seen);
}

bool seen_before(const struct seen *seen, const char *id)
{
    void *const *root = &seen->tree;
    return tfind(id, root, compare) != NULL;
}

void seen_add(struct seen *seen, const char *id)
{
    char *kept = strdup(id);
    forget(seen, seen->next);
    if (!kept || !tsearch(kept, &seen->tree, compare))
        errx(EXIT_FAILURE, "out of memory");
    seen->ring[seen->next] = kept;
    seen->next = (seen->next + 1) % seen->most;
}
