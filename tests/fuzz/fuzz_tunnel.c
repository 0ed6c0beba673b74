/* A hostile proxy: any bytes refuse, open or wait, and reading them in pieces is the same. */
#include "fuzz.h"
#include "net/tunnel.h"

#include <stdbool.h>

static sp_tunnel *begin(bool socks)
{
    sp_tunnel *tunnel = NULL;
    sp_proxy proxy = {.protocol = socks ? SP_PROXY_SOCKS5 : SP_PROXY_HTTP,
                      .host = "proxy",
                      .port = 1,
                      .has_credentials = true,
                      .user = "user",
                      .password = "sesame"};
    must(sp_tunnel_new(&tunnel, &proxy, "peer", 443) == SPECTACLES_OK);
    return tunnel;
}

/* Feeds pieces of at most `piece` bytes; what is to be written is written in between. Returns the last result. */
static int talk(bool socks, const uint8_t *bytes, size_t length, size_t piece, size_t *all)
{
    sp_text why = {0};
    int result = 0;
    sp_tunnel *tunnel = begin(socks);
    *all = 0;
    while (*all < length && result == 0) {
        size_t part = length - *all < piece ? length - *all : piece;
        size_t used;
        sp_tunnel_consumed(tunnel, sp_tunnel_pending(tunnel).length);
        result = sp_tunnel_feed(tunnel, (sp_slice){bytes + *all, part}, &used, &why);
        must(used <= part && (result != 0 || used == part));
        must(result != 1 || sp_tunnel_pending(tunnel).length == 0);
        must(result >= 0 || (strlen(why.chars) > 0 && !strstr(why.chars, "sesame")));
        *all += used;
    }
    sp_tunnel_free(tunnel);
    return result;
}

/* The first byte says which protocol, and how long the pieces are. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    size_t whole;
    size_t cut;
    if (length == 0)
        return 0;
    bool socks = bytes[0] & 1;
    size_t piece = (size_t)(bytes[0] >> 1) + 1;
    int result = talk(socks, bytes + 1, length - 1, 2, &whole);
    /* SOCKS waits between messages of two bytes: other pieces may come before their time. */
    if (!socks)
        must(talk(socks, bytes + 1, length - 1, piece, &cut) == result && cut == whole);
    else
        talk(socks, bytes + 1, length - 1, piece, &cut);
    return 0;
}
