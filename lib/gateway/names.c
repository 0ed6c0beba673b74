/*
 * The host names that links want the addresses of: each name once, whoever wants it. Called by gateway.c, and by
 * owners.
 */
#include "gateway/names.h"

#include "core/config.h"
#include "core/export.h"
#include "net/link.h"

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

/* NULL when memory ran out. */
static sp_wanted_name *add(spectacles_gateway *gateway, const char *host)
{
    sp_wanted_name *name = calloc(1, sizeof *name);
    if (!name)
        return NULL;
    strncpy(name->host, host, sizeof name->host - 1);
    sp_list_init(&name->engines);
    sp_list_add(&gateway->names, &name->node);
    return name;
}

/* Without its broker a gateway can do nothing: the names of brokers come first. */
static void put_in_front(spectacles_gateway *gateway, sp_wanted_name *name)
{
    if (name->urgent)
        return;
    name->urgent = true;
    name->asked = false;
    sp_list_remove(&name->node);
    sp_list_add_front(&gateway->names, &name->node);
}

static void forget(sp_wanted_name *name)
{
    while (sp_list_take(&name->engines))
        continue;
    sp_list_remove(&name->node);
    free(name);
}

static void fail(sp_engine *engine, const char *why)
{
    spectacles_link_set_no_address(engine->link, why, strlen(why));
}

/* Where memory runs out the name has no address: the engine hears of it, and asks again after its back-off. */
static void want(spectacles_gateway *gateway, sp_engine *engine, const char *host)
{
    sp_wanted_name *name = find(gateway, host);
    if (!name)
        name = add(gateway, host);
    if (!name) {
        fail(engine, "out of memory");
        return;
    }
    if (engine->broker)
        put_in_front(gateway, name);
    sp_list_add(&name->engines, &engine->wants_address);
    if (gateway->resolver)
        sp_link_await_answer(engine->link);
}

static void collect(spectacles_gateway *gateway)
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

/* ---- With a resolver ---- */

int sp_gateway_make_resolver(spectacles_gateway *gateway, spectacles_problem *problem)
{
    if (!gateway->resolves)
        return SPECTACLES_OK;
    int error = spectacles_resolver_new(&gateway->resolver, NULL, problem);
    if (error != SPECTACLES_OK)
        return error;
    error = spectacles_poller_watch(gateway->poller, spectacles_resolver_fd(gateway->resolver));
    return error == SPECTACLES_OK ? error
                                  : sp_refuse(problem, error, spectacles_poller_last_error(gateway->poller));
}

uint64_t sp_gateway_names_deadline(const spectacles_gateway *gateway)
{
    return gateway->resolver ? spectacles_resolver_deadline(gateway->resolver) : SPECTACLES_NEVER;
}

static void refuse(spectacles_gateway *gateway, const char *host, int error)
{
    const char *why = spectacles_strerror(error);
    spectacles_gateway_set_no_address(gateway, host, why, strlen(why));
}

static void give(spectacles_gateway *gateway, const spectacles_answer *answer)
{
    if (!answer->addresses) {
        spectacles_gateway_set_no_address(gateway, answer->host, answer->why, answer->why_length);
        return;
    }
    int error =
        spectacles_gateway_set_address(gateway, answer->host, answer->addresses, answer->addresses_length);
    if (error != SPECTACLES_OK)
        refuse(gateway, answer->host, error);
}

static void give_answers(spectacles_gateway *gateway, uint64_t now)
{
    const spectacles_answer *answer;
    while ((answer = spectacles_resolver_next_answer(gateway->resolver, now)))
        give(gateway, answer);
}

static void ask_resolver(spectacles_gateway *gateway, uint64_t now)
{
    for (sp_list_node *node = gateway->names.head.next, *next; node != &gateway->names.head; node = next) {
        sp_wanted_name *name = name_of(node);
        next = node->next;
        if (name->asked)
            continue;
        name->asked = true;
        int error = spectacles_resolver_ask(gateway->resolver, name->host, name->urgent, now);
        if (error != SPECTACLES_OK)
            refuse(gateway, name->host, error);
    }
}

void sp_gateway_collect_names(spectacles_gateway *gateway, uint64_t now)
{
    collect(gateway);
    if (!gateway->resolver)
        return;
    bool answered = spectacles_poller_is_readable(gateway->poller, spectacles_resolver_fd(gateway->resolver));
    if (answered || spectacles_resolver_deadline(gateway->resolver) <= now)
        give_answers(gateway, now);
    ask_resolver(gateway, now);
}

void sp_gateway_forget_names(spectacles_gateway *gateway)
{
    sp_list_node *node;
    while ((node = sp_list_front(&gateway->names)))
        forget(name_of(node));
    if (gateway->resolver)
        spectacles_poller_unwatch(gateway->poller, spectacles_resolver_fd(gateway->resolver));
    spectacles_resolver_free(gateway->resolver);
}

/* ---- By the owner ---- */

SPECTACLES_EXPORT const char *spectacles_gateway_wants_address(const spectacles_gateway *gateway,
                                                               size_t index)
{
    if (gateway->resolver)
        return NULL;
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

SPECTACLES_EXPORT void spectacles_gateway_set_no_address(spectacles_gateway *gateway, const char *host,
                                                         const char *why, size_t length)
{
    sp_list_node *node;
    sp_wanted_name *name = find(gateway, host);
    while (name && (node = sp_list_take(&name->engines)))
        spectacles_link_set_no_address(sp_list_owner(node, sp_engine, wants_address)->link, why, length);
    if (name)
        forget(name);
}
