#include "format.h"

#include <err.h>
#include <spectacles/spectacles.h>
#include <stdlib.h>
#include <string.h>

uint32_t format_from_environment(void)
{
    uint32_t format = SPECTACLES_FORMAT_JSON;
    const char *name = getenv("BROKER_FORMAT");
    if (name && *name && spectacles_format_parse(&format, name, strlen(name)) != SPECTACLES_OK)
        errx(1, "BROKER_FORMAT '%s' is not known: json, etf, msgpack or msgpack-json", name);
    if (format >= SPECTACLES_FORMAT_MSGPACK && !spectacles_feature_supported("msgpack"))
        errx(1, "BROKER_FORMAT '%s': this build has no MessagePack; use json or etf", name);
    return format;
}
