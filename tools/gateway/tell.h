#ifndef GATEWAY_TELL_H
#define GATEWAY_TELL_H

#include "gateways.h"
#include "log.h"
#include "problems.h"
#include "proxies.h"

#include <spectacles/gateway.h>

/* Tells which program this is: the first line of its log. */
void tell_program(struct log *log);

/*
 * Tells all problems, and forgets them: they are freed.
 *
 * Returns their exit code: 0, 75 or 78.
 */
int tell_problems(struct log *log, struct problems *problems);

/* Tells what the store has met with while the gateway runs, and forgets it. Nothing of it ends the daemon. */
void tell_store(struct log *log, struct problems *problems);

/* Tells which proxies are gone through, if any. */
void tell_proxies(struct log *log, const struct proxies *proxies);

/* Tells what Discord recommends and allows. shards: those of this process. */
void tell_limits(struct log *log, const spectacles_gateway_bot *bot, uint32_t shards);

/* Tells the counters of each gateway in one line. */
void tell_counters(struct log *log, const struct gateways *gateways);

/* Likewise of one gateway. is_named: with its number of shards. */
void tell_counters_of(struct log *log, const struct gateway *gateway, bool is_named);

#endif
