/*
 * Which hosts a list such as NO_PROXY excepts from a proxy, by curl's rules. Called by the link and by owners.
 */
#include "net/no_proxy.h"

#include "core/buffer.h"
#include "core/export.h"
#include "net/address.h"

#include <string.h>
#include <strings.h>

static sp_slice without_dot_behind(sp_slice name)
{
    if (name.length > 0 && name.bytes[name.length - 1] == '.')
        name.length--;
    return name;
}

static bool excepts_name(sp_slice word, sp_slice host)
{
    word = without_dot_behind(word);
    if (word.length > 0 && word.bytes[0] == '.') {
        word.bytes++;
        word.length--;
    }
    if (word.length == 0 || word.length > host.length)
        return false;
    size_t before = host.length - word.length;
    return strncasecmp((const char *)word.bytes, (const char *)host.bytes + before, word.length) == 0 &&
           (before == 0 || host.bytes[before - 1] == '.');
}

/* The number behind the slash; -1 when it is none. */
static int prefix_of(const char *digits, size_t length)
{
    int value = 0;
    if (length == 0 || length > 3)
        return -1;
    for (size_t i = 0; i < length; i++) {
        if (digits[i] < '0' || digits[i] > '9')
            return -1;
        value = value * 10 + (digits[i] - '0');
    }
    return value;
}

static bool excepts_address(sp_slice word, const sp_address *host)
{
    sp_address network;
    const char *text = (const char *)word.bytes;
    const char *slash = memchr(text, '/', word.length);
    size_t length = slash ? (size_t)(slash - text) : word.length;
    if (!sp_address_parse(&network, text, length) || network.family != host->family)
        return false;
    int most = (int)host->length * 8;
    int bits = slash ? prefix_of(slash + 1, word.length - length - 1) : most;
    /* As with curl, a length of 0 excepts the address alone: "*" is the way to except all. */
    if (bits == 0)
        bits = most;
    if (bits < 0 || bits > most)
        return false;
    size_t whole = (size_t)bits / 8;
    unsigned rest = (unsigned)bits % 8;
    if (memcmp(network.bytes, host->bytes, whole) != 0)
        return false;
    return rest == 0 || (network.bytes[whole] ^ host->bytes[whole]) >> (8 - rest) == 0;
}

bool sp_no_proxy_has(const char *no_proxy, const char *host)
{
    static const char between[] = ", \t";
    sp_address address;
    sp_slice name = {(const uint8_t *)host, strlen(host)};
    if (!no_proxy || name.length == 0)
        return false;
    if (strcmp(no_proxy, "*") == 0)
        return true;
    bool is_address = sp_address_parse(&address, host, name.length);
    name = without_dot_behind(name);
    for (const char *at = no_proxy + strspn(no_proxy, between); *at; at += strspn(at, between)) {
        sp_slice word = {(const uint8_t *)at, strcspn(at, between)};
        if (is_address ? excepts_address(word, &address) : excepts_name(word, name))
            return true;
        at += word.length;
    }
    return false;
}

SPECTACLES_EXPORT int spectacles_proxy_is_excepted(const char *no_proxy, const char *host)
{
    return sp_no_proxy_has(no_proxy, host);
}
