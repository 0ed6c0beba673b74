/*
 * The calls of spectacles/resolver.h: the table of names, which of them are looked up, and what their owner is told.
 * Called by owners and by the gateway.
 */
#include "net/resolver.h"

#include "core/config.h"
#include "core/export.h"
#include "net/tcp.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    TIMEOUT = 15000
};

/*
 * WAITING: for a place among the lookups. RUNNING: a lookup is on its way. FOUND: it is done.
 * spectacles/resolver.h calls a RUNNING name that nobody waits for OVERDUE, and a FOUND one KEPT.
 */
enum name_state {
    WAITING,
    RUNNING,
    FOUND
};

typedef struct entry {
    sp_list_node node;
    enum name_state state;
    bool urgent;
    bool wanted;       /* the owner waits for an answer */
    uint64_t deadline; /* RUNNING: it is answered then. FOUND: it is kept until then */
    sp_lookup *found;
    char host[256];
} entry;

struct spectacles_resolver {
    sp_lookup_place place;
    uint32_t timeout;
    sp_list names; /* those that are urgent first, then in the order in which they were asked for */
    size_t running;
    spectacles_answer answer;
    entry *answered; /* what the answer points to */
    char why[160];
};

static entry *entry_of(const sp_list_node *node)
{
    return sp_list_owner((sp_list_node *)(uintptr_t)node, entry, node);
}

/* ---- Making and freeing ---- */

SPECTACLES_EXPORT void spectacles_resolver_config_init(spectacles_resolver_config *config, size_t size)
{
    const spectacles_resolver_config defaults = {.timeout = TIMEOUT};
    sp_config_write(config, size, &defaults, sizeof defaults);
}

int sp_resolver_new(spectacles_resolver **out, const spectacles_resolver_config *config,
                    const sp_lookup_place *place)
{
    spectacles_resolver *resolver = calloc(1, sizeof *resolver);
    if (!resolver) {
        place->close(place->self);
        return SPECTACLES_E_NOMEM;
    }
    resolver->place = *place;
    resolver->timeout = config->timeout;
    sp_list_init(&resolver->names);
    *out = resolver;
    return SPECTACLES_OK;
}

static int refuse_system(spectacles_problem *problem, int error)
{
    return sp_refuse(problem, error == -ENOMEM ? SPECTACLES_E_NOMEM : SPECTACLES_E_SYS, sp_tcp_text(error));
}

SPECTACLES_EXPORT int spectacles_resolver_new(spectacles_resolver **out,
                                              const spectacles_resolver_config *config,
                                              spectacles_problem *problem)
{
    spectacles_resolver_config read;
    sp_lookup_place place;
    spectacles_resolver_config_init(&read, sizeof read);
    int error = config ? sp_config_read(&read, sizeof read, config) : SPECTACLES_OK;
    if (error != SPECTACLES_OK)
        return sp_refuse(problem, error,
                         "the configuration's size is not that of a version this library knows");
    if (read.timeout == 0)
        return sp_refuse(problem, SPECTACLES_E_INVAL, "timeout must not be 0");
    error = sp_lookup_threads(&place);
    if (error < 0)
        return refuse_system(problem, error);
    error = sp_resolver_new(out, &read, &place);
    return error == SPECTACLES_OK ? error : sp_refuse(problem, error, "out of memory");
}

static void forget(entry *name)
{
    sp_list_remove(&name->node);
    sp_lookup_free(name->found);
    free(name);
}

static void forget_answered(spectacles_resolver *resolver)
{
    if (resolver->answered)
        forget(resolver->answered);
    resolver->answered = NULL;
}

SPECTACLES_EXPORT void spectacles_resolver_free(spectacles_resolver *resolver)
{
    sp_list_node *node;
    if (!resolver)
        return;
    forget_answered(resolver);
    while ((node = sp_list_front(&resolver->names)))
        forget(entry_of(node));
    resolver->place.close(resolver->place.self);
    free(resolver);
}

/* ---- The table ---- */

static entry *find(const spectacles_resolver *resolver, const char *host)
{
    for (const sp_list_node *node = resolver->names.head.next; node != &resolver->names.head;
         node = node->next) {
        if (strcmp(entry_of(node)->host, host) == 0)
            return entry_of(node);
    }
    return NULL;
}

/* The urgent ones first, and among equals in the order in which they were asked for. */
static void place_name(spectacles_resolver *resolver, entry *name)
{
    sp_list behind;
    sp_list_init(&behind);
    for (sp_list_node *node = resolver->names.head.next, *next; node != &resolver->names.head; node = next) {
        next = node->next;
        if (!name->urgent || entry_of(node)->urgent)
            continue;
        sp_list_remove(node);
        sp_list_add(&behind, node);
    }
    sp_list_add(&resolver->names, &name->node);
    sp_list_move(&resolver->names, &behind);
}

static entry *add(spectacles_resolver *resolver, const char *host, bool urgent)
{
    entry *added = calloc(1, sizeof *added);
    if (!added)
        return NULL;
    memcpy(added->host, host, strlen(host));
    added->urgent = urgent;
    place_name(resolver, added);
    return added;
}

/* ---- Lookups ---- */

static void set_state(spectacles_resolver *resolver, entry *name, enum name_state state, uint64_t deadline)
{
    assert(name->state != state);
    resolver->running += state == RUNNING;
    resolver->running -= name->state == RUNNING;
    if (state == WAITING) {
        sp_lookup_free(name->found);
        name->found = NULL;
    }
    name->state = state;
    name->deadline = deadline;
}

static bool has_room(const spectacles_resolver *resolver, const entry *name)
{
    size_t room = SPECTACLES_RESOLVER_LOOKUPS_MAX + (name->urgent ? SPECTACLES_RESOLVER_URGENT_MAX : 0);
    return resolver->running < room;
}

/* Without a thread the name is answered at once, with the reason. */
static void start(spectacles_resolver *resolver, entry *name, uint64_t now)
{
    sp_lookup *lookup = sp_lookup_new(name->host);
    int error = lookup ? resolver->place.start(resolver->place.self, lookup) : -ENOMEM;
    if (error == 0) {
        set_state(resolver, name, RUNNING, now + resolver->timeout);
        return;
    }
    set_state(resolver, name, FOUND, now);
    name->found = sp_lookup_new(name->host);
    if (name->found)
        snprintf(name->found->why, sizeof name->found->why, "no thread for the lookup: %s",
                 sp_tcp_text(error));
}

static void start_waiting(spectacles_resolver *resolver, uint64_t now)
{
    for (sp_list_node *node = resolver->names.head.next; node != &resolver->names.head; node = node->next) {
        entry *waiting = entry_of(node);
        if (waiting->state == WAITING && waiting->wanted && has_room(resolver, waiting))
            start(resolver, waiting, now);
    }
}

static void collect(spectacles_resolver *resolver, uint64_t now)
{
    sp_lookup *lookup;
    while ((lookup = resolver->place.take(resolver->place.self))) {
        entry *name = find(resolver, lookup->host);
        assert(name && name->state == RUNNING);
        set_state(resolver, name, FOUND, now + SP_RESOLVER_KEEP);
        name->found = lookup;
    }
}

/* ---- Asking ---- */

static void renew(spectacles_resolver *resolver, entry *name, uint64_t now)
{
    if (name->wanted)
        return;
    name->wanted = true;
    if (name->state == FOUND && now >= name->deadline)
        set_state(resolver, name, WAITING, 0);
    else if (name->state == RUNNING)
        name->deadline = now + resolver->timeout;
}

SPECTACLES_EXPORT int spectacles_resolver_ask(spectacles_resolver *resolver, const char *host, int urgent,
                                              uint64_t now)
{
    size_t length = strlen(host);
    forget_answered(resolver);
    entry *asked = find(resolver, host);
    if (length == 0 || length >= sizeof asked->host)
        return SPECTACLES_E_INVAL;
    if (!asked)
        asked = add(resolver, host, urgent != 0);
    if (!asked)
        return SPECTACLES_E_NOMEM;
    if (urgent && !asked->urgent) {
        asked->urgent = true;
        sp_list_remove(&asked->node);
        place_name(resolver, asked);
    }
    renew(resolver, asked, now);
    start_waiting(resolver, now);
    return SPECTACLES_OK;
}

/* ---- Answering ---- */

SPECTACLES_EXPORT int spectacles_resolver_fd(const spectacles_resolver *resolver)
{
    return resolver->place.fd(resolver->place.self);
}

static uint64_t deadline_of(const entry *name)
{
    if (!name->wanted || name->state == WAITING)
        return SPECTACLES_NEVER;
    return name->state == FOUND ? 0 : name->deadline;
}

SPECTACLES_EXPORT uint64_t spectacles_resolver_deadline(const spectacles_resolver *resolver)
{
    uint64_t deadline = SPECTACLES_NEVER;
    for (const sp_list_node *node = resolver->names.head.next; node != &resolver->names.head;
         node = node->next) {
        uint64_t own = deadline_of(entry_of(node));
        deadline = own < deadline ? own : deadline;
    }
    return deadline;
}

static const spectacles_answer *tell(spectacles_resolver *resolver, const char *host, const char *addresses)
{
    size_t length = addresses ? strlen(addresses) : 0;
    resolver->answer = (spectacles_answer){.host = host,
                                           .addresses = addresses,
                                           .addresses_length = length,
                                           .why = addresses ? NULL : resolver->why,
                                           .why_length = addresses ? 0 : strlen(resolver->why)};
    return &resolver->answer;
}

static const spectacles_answer *tell_found(spectacles_resolver *resolver, entry *name)
{
    sp_list_remove(&name->node);
    resolver->answered = name;
    snprintf(resolver->why, sizeof resolver->why, "%s", name->found ? name->found->why : "out of memory");
    return tell(resolver, name->host, name->found ? name->found->addresses : NULL);
}

static const spectacles_answer *tell_overdue(spectacles_resolver *resolver, entry *name)
{
    name->wanted = false;
    snprintf(resolver->why, sizeof resolver->why, "no name server answered within %u ms",
             (unsigned)resolver->timeout);
    return tell(resolver, name->host, NULL);
}

SPECTACLES_EXPORT const spectacles_answer *spectacles_resolver_next_answer(spectacles_resolver *resolver,
                                                                           uint64_t now)
{
    forget_answered(resolver);
    collect(resolver, now);
    start_waiting(resolver, now);
    for (sp_list_node *node = resolver->names.head.next, *next; node != &resolver->names.head; node = next) {
        entry *each = entry_of(node);
        next = node->next;
        if (each->wanted && each->state == FOUND)
            return tell_found(resolver, each);
        if (each->wanted && each->state == RUNNING && now >= each->deadline)
            return tell_overdue(resolver, each);
        if (!each->wanted && each->state == FOUND && now >= each->deadline)
            forget(each);
    }
    return NULL;
}
