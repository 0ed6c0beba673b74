#include "format.h"

#include <err.h>
#include <spectacles/spectacles.h>
#include <stdlib.h>
#include <string.h>

uint32_t format_from_environment(void)
{
    static const struct {
        const char *name;
        uint32_t format;
    } formats[] = {{"json", SPECTACLES_FORMAT_JSON},
                   {"etf", SPECTACLES_FORMAT_ETF},
                   {"msgpack", SPECTACLES_FORMAT_MSGPACK},
                   {"msgpack-json", SPECTACLES_FORMAT_MSGPACK_JSON}};
    const char *name = getenv("BROKER_FORMAT");
    uint32_t format = name && *name ? SPECTACLES_FORMAT_RAW : SPECTACLES_FORMAT_JSON;
    for (size_t i = 0; i < sizeof formats / sizeof formats[0] && format == SPECTACLES_FORMAT_RAW; i++) {
        if (strcmp(name, formats[i].name) == 0)
            format = formats[i].format;
    }
    if (format == SPECTACLES_FORMAT_RAW)
        errx(1, "BROKER_FORMAT '%s' is not known: json, etf, msgpack or msgpack-json", name);
    if (format >= SPECTACLES_FORMAT_MSGPACK && !spectacles_feature_supported("msgpack"))
        errx(1, "BROKER_FORMAT '%s': this build has no MessagePack; use json or etf", name);
    return format;
}
