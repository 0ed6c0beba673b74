/*
 * The descriptors in a poller that are no link's. A program has a few of them, so they are a list. Called by poller.c.
 */
#include "net/descriptors.h"

#include <errno.h>
#include <stdlib.h>

static sp_descriptor *owner_of(sp_list_node *node)
{
    return sp_list_owner(node, sp_descriptor, node);
}

sp_descriptor *sp_descriptors_find(const sp_list *descriptors, int fd)
{
    for (sp_list_node *node = descriptors->head.next; node != &descriptors->head; node = node->next) {
        if (owner_of(node)->watched.fd == fd)
            return owner_of(node);
    }
    return NULL;
}

int sp_descriptors_add(sp_list *descriptors, sp_watcher *watcher, int fd)
{
    if (fd < 0)
        return -EBADF;
    if (sp_descriptors_find(descriptors, fd))
        return -EEXIST;
    sp_descriptor *descriptor = calloc(1, sizeof *descriptor);
    if (!descriptor)
        return -ENOMEM;
    descriptor->watched.fd = -1;
    descriptor->watched.level = true;
    int error = sp_watcher_watch(watcher, &descriptor->watched, fd, SPECTACLES_LINK_READ);
    if (error < 0) {
        free(descriptor);
        return error;
    }
    sp_list_add(descriptors, &descriptor->node);
    return 0;
}

static void drop(sp_watcher *watcher, sp_descriptor *descriptor)
{
    sp_watcher_watch(watcher, &descriptor->watched, -1, 0);
    sp_list_remove(&descriptor->node);
    free(descriptor);
}

void sp_descriptors_remove(sp_list *descriptors, sp_watcher *watcher, int fd)
{
    sp_descriptor *descriptor = sp_descriptors_find(descriptors, fd);
    if (descriptor)
        drop(watcher, descriptor);
}

void sp_descriptors_free(sp_list *descriptors, sp_watcher *watcher)
{
    sp_list_node *node;
    while ((node = sp_list_front(descriptors)))
        drop(watcher, owner_of(node));
}

void sp_descriptors_found(sp_watched *watched)
{
    sp_list_owner(watched, sp_descriptor, watched)->readable = true;
}
