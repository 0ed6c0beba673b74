/* Percent-decodes parts of URLs. Called by the URLs of brokers (broker/uri.c) and of proxies (net/proxy.c). */
#include "core/percent.h"

static int hex(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'a' && digit <= 'f')
        return digit - 'a' + 10;
    return digit >= 'A' && digit <= 'F' ? digit - 'A' + 10 : -1;
}

static bool is_control(int byte)
{
    return byte < 0x20 || byte == 0x7f;
}

bool sp_percent_decode(char *out, size_t size, const char *text, size_t length)
{
    size_t at = 0;
    for (size_t i = 0; i < length; i++) {
        int byte = (unsigned char)text[i];
        if (byte == '%') {
            if (length - i < 3 || hex(text[i + 1]) < 0 || hex(text[i + 2]) < 0)
                return false;
            byte = hex(text[i + 1]) * 16 + hex(text[i + 2]);
            i += 2;
        }
        if (is_control(byte) || at + 1 >= size)
            return false;
        out[at++] = (char)byte;
    }
    out[at] = '\0';
    return true;
}
