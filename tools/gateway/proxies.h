#ifndef GATEWAY_PROXIES_H
#define GATEWAY_PROXIES_H

#include "input.h"
#include "settings.h"

/* Whether a name of the environment is about proxies: HTTPS_PROXY, all_proxy, NO_PROXY and their like. */
bool proxies_has_name(const char *name, size_t length);

/*
 * Checks the proxies that the environment names, by the library's rules. Which of them is for which connection is the
 * library's to say (spectacles_proxy_from_environment()).
 */
void proxies_check(const struct settings_input *input, struct problems *problems);

#endif
