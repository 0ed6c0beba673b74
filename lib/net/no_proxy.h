#ifndef SP_NET_NO_PROXY_H
#define SP_NET_NO_PROXY_H

#include <spectacles/proxy.h>
#include <stdbool.h>

/* spectacles_proxy_is_excepted(), for the link. */
bool sp_no_proxy_has(const char *no_proxy, const char *host);

#endif
