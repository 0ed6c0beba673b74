/* What a fleet calls its queues and its exchange, and how they are declared. Called by whoever declares them. */
#include "fleet/names.h"

#include <stdio.h>
#include <string.h>

static spectacles_header text(const char *key, const char *value)
{
    return (spectacles_header){.type = SPECTACLES_HEADER_TEXT,
                               .key = key,
                               .key_length = strlen(key),
                               .bytes = (const uint8_t *)value,
                               .bytes_length = strlen(value)};
}

static spectacles_header number(const char *key, uint32_t type, int64_t value)
{
    return (spectacles_header){.type = type, .key = key, .key_length = strlen(key), .integer = value};
}

/* A delivery limit of a million: -1 drops the record at the first takeover on 3.10, and none after 20 on 4.x. */
void sp_fleet_arguments(spectacles_header out[SP_FLEET_ARGUMENT_COUNT])
{
    out[0] = text("x-queue-type", "quorum");
    out[1] = number("x-single-active-consumer", SPECTACLES_HEADER_BOOLEAN, 1);
    out[2] = number("x-delivery-limit", SPECTACLES_HEADER_INTEGER, 1000000);
    out[3] = number("x-consumer-disconnected-timeout", SPECTACLES_HEADER_INTEGER, 5000);
}

static int length_of(int length, size_t size)
{
    return length < 0 || (size_t)length >= size ? SPECTACLES_E_TOOBIG : length;
}

int sp_fleet_lease_name(char *out, size_t size, const char *group, const char *set, uint32_t slot)
{
    return length_of(snprintf(out, size, "%s:fleet1:lease:%s:%u", group, set, (unsigned)slot), size);
}

int sp_fleet_control_name(char *out, size_t size, const char *group)
{
    return length_of(snprintf(out, size, "%s:fleet1:control", group), size);
}

int sp_fleet_exchange_name(char *out, size_t size, const char *group)
{
    return length_of(snprintf(out, size, "%s:fleet1", group), size);
}
