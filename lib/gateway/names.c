/*
 * The host names that links want the addresses of: each name once, whoever wants it. Called by gateway.c, and by
 * owners.
 */
#include "gateway/names.h"

#include "core/export.h"

#include <stdlib.h>
#include <string.h>

static sp_wanted_name *name_of(const sp_list_node *node)
{
    return sp_list_owner((sp_list_node *)(uintptr_t)node, sp_wanted_name, node);
}

static sp_wanted_name *find(const spectacles_gateway *gateway, const char *host)
{
    for (const sp_list_node *node = gateway->names.head.next; node != &gateway->names.head;
         node = node->next) {
        if (strcmp(name_of(node)->host, host) == 0)
            return name_of(node);
    }
    return NULL;
}

/* NULL when memory ran out. Without its broker a gateway can do nothing: the names of brokers come first. */
static sp_wanted_name *add(spectacles_gateway *gateway, const char *host, bool of_broker)
{
    sp_wanted_name *name = calloc(1, sizeof *name);
    if (!name)
        return NULL;
    strncpy(name->host, host, sizeof name->host - 1);
    sp_list_init(&name->engines);
    if (of_broker)
        sp_list_add_front(&gateway->names, &name->node);
    else
        sp_list_add(&gateway->names, &name->node);
    return name;
}

static void forget(sp_wanted_name *name)
{
    while (sp_list_take(&name->engines))
        continue;
    sp_list_remove(&name->node);
    free(name);
}

/* Where memory runs out the name has no address: the engine hears of it, and asks again after its back-off. */
static void want(spectacles_gateway *gateway, sp_engine *engine, const char *host)
{
    sp_wanted_name *name = find(gateway, host);
    if (!name)
        name = add(gateway, host, engine->broker != NULL);
    if (name)
        sp_list_add(&name->engines, &engine->wants_address);
    else
        spectacles_link_set_address(engine->link, NULL, 0);
}

void sp_gateway_collect_names(spectacles_gateway *gateway)
{
    uint64_t id = 0;
    const spectacles_link *link;
    while ((link = spectacles_poller_next_link(gateway->poller, &id))) {
        sp_engine *engine = (sp_engine *)(uintptr_t)id;
        const char *host = spectacles_link_wants_address(link);
        sp_list_remove(&engine->wants_address);
        if (host)
            want(gateway, engine, host);
    }
}

void sp_gateway_forget_names(spectacles_gateway *gateway)
{
    sp_list_node *node;
    while ((node = sp_list_front(&gateway->names)))
        forget(name_of(node));
}

SPECTACLES_EXPORT const char *spectacles_gateway_wants_address(const spectacles_gateway *gateway,
                                                               size_t index)
{
    for (const sp_list_node *node = gateway->names.head.next; node != &gateway->names.head;
         node = node->next) {
        /* Links that have given up in the meantime may have left the name without anybody. */
        if (!sp_list_is_empty(&name_of(node)->engines) && index-- == 0)
            return name_of(node)->host;
    }
    return NULL;
}

SPECTACLES_EXPORT int spectacles_gateway_set_address(spectacles_gateway *gateway, const char *host,
                                                     const char *numeric, size_t length)
{
    sp_list_node *node;
    sp_wanted_name *name = find(gateway, host);
    int error = SPECTACLES_OK;
    while (name && (node = sp_list_front(&name->engines))) {
        spectacles_link *link = sp_list_owner(node, sp_engine, wants_address)->link;
        error = spectacles_link_wants_address(link) ? spectacles_link_set_address(link, numeric, length)
                                                    : SPECTACLES_OK;
        if (error != SPECTACLES_OK) {
            sp_text_set(&gateway->last_error, "%s", spectacles_link_last_error(link));
            return error;
        }
        sp_list_remove(node);
    }
    if (name)
        forget(name);
    return SPECTACLES_OK;
}
