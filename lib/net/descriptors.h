#ifndef SP_NET_DESCRIPTORS_H
#define SP_NET_DESCRIPTORS_H

#include "core/list.h"
#include "net/watcher.h"

/* A descriptor in a poller that is no link's: of signals, of a resolver, of a server of the owner. */
typedef struct sp_descriptor {
    sp_watched watched; /* its user is NULL: by that a link is told from it */
    sp_list_node node;
    bool readable; /* found since the owner has asked last */
} sp_descriptor;

/* Returns 0, -EEXIST when it is watched already, or another negative errno. */
int sp_descriptors_add(sp_list *descriptors, sp_watcher *watcher, int fd);
void sp_descriptors_remove(sp_list *descriptors, sp_watcher *watcher, int fd);
void sp_descriptors_free(sp_list *descriptors, sp_watcher *watcher);

/* NULL: it is not watched. */
sp_descriptor *sp_descriptors_find(const sp_list *descriptors, int fd);

/* What the watcher has found is readable. watched: of a descriptor, not of a link. */
void sp_descriptors_found(sp_watched *watched);

/* ---- descriptor_limit.c ---- */

/* Whether the process may have hardly any more descriptors than this one, which was opened last. */
bool sp_descriptors_are_scarce(int fd);

#endif
