/*
 * The way of a link to its peers. Owns the URL of the proxy, and wipes it. Called by link.c, connect.c and attempt.c.
 */
#include "net/way.h"

#include "core/config.h"
#include "core/wipe.h"
#include "net/no_proxy.h"

#include <stdlib.h>
#include <string.h>

static char *copy(const char *text)
{
    return text ? sp_text_copy(text, strlen(text)) : NULL;
}

int sp_way_begin(sp_way *way, const char *proxy, const char *no_proxy, spectacles_problem *problem)
{
    sp_proxy parsed;
    *way = (sp_way){0};
    if (!proxy)
        return SPECTACLES_OK;
    int error = sp_proxy_parse(&parsed, proxy, problem);
    if (error == SPECTACLES_OK) {
        way->proxy = copy(proxy);
        way->no_proxy = copy(no_proxy);
        way->host = copy(parsed.host);
        way->port = parsed.port;
        if (!way->proxy || !way->host || (no_proxy && !way->no_proxy))
            error = sp_refuse(problem, SPECTACLES_E_NOMEM, "out of memory");
    }
    sp_wipe(&parsed, sizeof parsed);
    if (error != SPECTACLES_OK)
        sp_way_end(way);
    return error;
}

void sp_way_end(sp_way *way)
{
    sp_wipe_text(way->proxy);
    free(way->no_proxy);
    free(way->host);
    *way = (sp_way){0};
}

void sp_way_choose(sp_way *way, const char *host)
{
    way->is_through = way->proxy && !sp_no_proxy_has(way->no_proxy, host);
}

const char *sp_way_host(const sp_way *way, const char *host)
{
    return way->is_through ? way->host : host;
}

uint32_t sp_way_port(const sp_way *way, uint32_t port)
{
    return way->is_through ? way->port : port;
}

int sp_way_tunnel(const sp_way *way, sp_tunnel **out, const char *host, uint32_t port)
{
    sp_proxy proxy;
    int error = sp_proxy_parse(&proxy, way->proxy, NULL);
    if (error == SPECTACLES_OK)
        error = sp_tunnel_new(out, &proxy, host, port);
    sp_wipe(&proxy, sizeof proxy);
    return error;
}
