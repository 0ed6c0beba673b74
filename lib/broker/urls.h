#ifndef SP_BROKER_URLS_H
#define SP_BROKER_URLS_H

#include "broker/internal.h"

#define SP_NO_URLS "urls is missing: amqp://user:password@host:port/vhost"

/*
 * Parses URLs, and shuffles them. What `out` had is wiped. SPECTACLES_E_INVAL or SPECTACLES_E_UNSUPPORTED with a
 * problem, or SPECTACLES_E_NOMEM; then `out` is unchanged.
 */
int sp_urls_read(sp_urls *out, sp_random *random, const char *const *urls, size_t count,
                 spectacles_problem *problem);

/* Wipes URLs, which have passwords, and frees them. */
void sp_urls_free(sp_urls *urls);

/* A connection begins: with the URLs that were set last. */
void sp_urls_begin(spectacles_broker *broker);

#endif
