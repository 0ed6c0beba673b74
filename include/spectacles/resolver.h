/*
 * spectacles/resolver.h - host names looked up beside the loop: by name, a few side by side, with a reason when it
 * fails.
 *
 * SPDX-License-Identifier: MIT
 *
 * The resolver of the system blocks, for seconds or minutes when name servers are silent. A spectacles_resolver calls
 * it (getaddrinfo) on threads, so that names mean here what they mean to every other program of the machine:
 * /etc/hosts, nsswitch, systemd-resolved, mDNS. A gateway with the flag SPECTACLES_GATEWAY_RESOLVES has a resolver of
 * its own (gateway.h). This header is for owners of single links and pollers:
 *
 *     - watch spectacles_resolver_fd(resolver) for reading;
 *     - for each name that a link wants (spectacles_link_wants_address()): spectacles_resolver_ask();
 *     - when the descriptor is readable, or spectacles_resolver_deadline() has passed:
 *           while ((answer = spectacles_resolver_next_answer(resolver, now)))
 *               ... give answer->addresses, or answer->why, to each link that wants answer->host ...
 *
 * What happens to a name:
 *
 *     WAITING ---> RUNNING ---> ANSWERED ---> gone
 *        |            |  ^          ^
 *        |    timeout |  | asked    | asked again within 30 s
 *        |            v  | again    |
 *        |          OVERDUE ------> KEPT ---> gone
 *        +--- a name that is urgent overtakes the others
 *
 * - A name is looked up once, however often it is asked for while the lookup lasts.
 * - At most SPECTACLES_RESOLVER_LOOKUPS_MAX lookups run side by side, and SPECTACLES_RESOLVER_URGENT_MAX more for
 *   urgent names. So names that hang do not hold up the name of a broker.
 * - The time of a lookup counts from its own start. After spectacles_resolver_config.timeout the answer says that
 *   nobody has answered. The lookup itself cannot be interrupted. It goes on, no second one of that name is begun
 *   meanwhile, and its late answer is kept for half a minute, for whoever asks again.
 *
 * The threads block all signals, end with their lookup, and use nothing of their owner. A lookup may outlive its
 * resolver. So the shared library stays in memory when it is unloaded (dlclose(3)); whoever links libspectacles.a into
 * something that is unloaded links that with `-z nodelete` too.
 *
 * A resolver belongs to one thread at a time. No call here blocks.
 */
#ifndef SPECTACLES_RESOLVER_H
#define SPECTACLES_RESOLVER_H

#include <spectacles/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A resolver. Made by spectacles_resolver_new(), freed by spectacles_resolver_free(). */
typedef struct spectacles_resolver spectacles_resolver;

/* Limits of a resolver. */
enum spectacles_resolver_limit {
    /* How many names are looked up side by side. Each lookup has a thread. */
    SPECTACLES_RESOLVER_LOOKUPS_MAX = 8,
    /* How many lookups of urgent names run beside these at most. */
    SPECTACLES_RESOLVER_URGENT_MAX = 4
};

/* How a resolver is made. Grows at its end. */
typedef struct spectacles_resolver_config {
    /* Set by spectacles_resolver_config_init(). */
    uint32_t size;
    /* Milliseconds from the start of a lookup until it is answered as failed; not 0. Default 15000. */
    uint32_t timeout;
} spectacles_resolver_config;

/* What became of a name. Later versions add fields at the end. */
typedef struct spectacles_answer {
    /* The name as it was asked for, NUL-terminated. */
    const char *host;
    /* Its addresses, IPv4 and IPv6, separated by spaces, NUL-terminated. NULL: there is none. */
    const char *addresses;
    /* The length of `addresses` in bytes; 0 when there is none. */
    size_t addresses_length;
    /*
     * Why there is no address, NUL-terminated: "there is no such name", "no name server answered", what the system
     * says. NULL when there are addresses.
     */
    const char *why;
    /* The length of `why` in bytes; 0 when there are addresses. */
    size_t why_length;
} spectacles_answer;

/* Fills a configuration with defaults. size: sizeof(spectacles_resolver_config). Does nothing when size is below 4. */
void spectacles_resolver_config_init(spectacles_resolver_config *config, size_t size);

/*
 * Makes a resolver. No thread is started before a name is asked for.
 *
 * out: free it with spectacles_resolver_free(). Unchanged on failure.
 * config: NULL for the defaults.
 * problem: may be NULL; on failure it says what is wrong.
 *
 * Returns 0, or:
 *   SPECTACLES_E_INVAL        a setting is wrong
 *   SPECTACLES_E_UNSUPPORTED  the configuration is newer than the library
 *   SPECTACLES_E_SYS          the system gives no descriptor
 *   SPECTACLES_E_NOMEM        memory ran out
 */
int spectacles_resolver_new(spectacles_resolver **out, const spectacles_resolver_config *config,
                            spectacles_problem *problem);

/*
 * Frees a resolver. A lookup that hangs ends by itself later, and frees what is its own then; it does not hold up the
 * end of the process. NULL is fine.
 */
void spectacles_resolver_free(spectacles_resolver *resolver);

/*
 * The descriptor to watch for reading. It belongs to the resolver, never changes and is never to be read. Cannot fail.
 */
int spectacles_resolver_fd(const spectacles_resolver *resolver);

/*
 * When spectacles_resolver_next_answer() is to be called at the latest. Milliseconds on the clock of `now`;
 * SPECTACLES_NEVER for never. Cannot fail.
 */
uint64_t spectacles_resolver_deadline(const spectacles_resolver *resolver);

/*
 * Asks for the addresses of a name. One answer comes for it, however often it is asked for before the answer.
 *
 * host: NUL-terminated, at most 255 bytes. Copied.
 * urgent: 1: the name overtakes those that are not urgent. 0: it does not.
 *
 * Returns 0, or:
 *   SPECTACLES_E_INVAL  the name is empty or too long
 *   SPECTACLES_E_NOMEM  memory ran out
 */
int spectacles_resolver_ask(spectacles_resolver *resolver, const char *host, int urgent, uint64_t now);

/*
 * The next answer. Pull until NULL.
 *
 * Returns an answer, valid until the next call on the resolver, or NULL: there is none now. Cannot fail.
 */
const spectacles_answer *spectacles_resolver_next_answer(spectacles_resolver *resolver, uint64_t now);

#ifdef __cplusplus
}
#endif

#endif
