/* The size of each public struct, by its name. Bindings call it. A test compares the list with the headers. */
#include "core/export.h"

#include <spectacles/spectacles.h>
#include <string.h>

#define SIZE_OF(name)                                                                                        \
    {                                                                                                        \
#name, sizeof(name)                                                                                  \
    }

SPECTACLES_EXPORT size_t spectacles_struct_size(const char *name)
{
    static const struct {
        const char *name;
        size_t size;
    } structs[] = {
        SIZE_OF(spectacles_answer),
        SIZE_OF(spectacles_resolver_config),
        SIZE_OF(spectacles_broker_config),
        SIZE_OF(spectacles_broker_event),
        SIZE_OF(spectacles_broker_stats),
        SIZE_OF(spectacles_copies_config),
        SIZE_OF(spectacles_copy_mark),
        SIZE_OF(spectacles_endpoint),
        SIZE_OF(spectacles_envelope),
        SIZE_OF(spectacles_fleet_config),
        SIZE_OF(spectacles_fleet_event),
        SIZE_OF(spectacles_fleet_member_info),
        SIZE_OF(spectacles_fleet_resharding),
        SIZE_OF(spectacles_fleet_slot_info),
        SIZE_OF(spectacles_gap),
        SIZE_OF(spectacles_gateway_bot),
        SIZE_OF(spectacles_gateway_config),
        SIZE_OF(spectacles_gateway_stats),
        SIZE_OF(spectacles_gateway_shard_stats),
        SIZE_OF(spectacles_relay_shard_stats),
        SIZE_OF(spectacles_header),
        SIZE_OF(spectacles_link_config),
        SIZE_OF(spectacles_members_request),
        SIZE_OF(spectacles_message),
        SIZE_OF(spectacles_packet),
        SIZE_OF(spectacles_presence),
        SIZE_OF(spectacles_problem),
        SIZE_OF(spectacles_poller_config),
        SIZE_OF(spectacles_relay_config),
        SIZE_OF(spectacles_relay_event),
        SIZE_OF(spectacles_relay_stats),
        SIZE_OF(spectacles_send),
        SIZE_OF(spectacles_session),
        SIZE_OF(spectacles_shard_config),
        SIZE_OF(spectacles_shard_event),
        SIZE_OF(spectacles_shard_stats),
        SIZE_OF(spectacles_state_config),
        SIZE_OF(spectacles_subscription),
        SIZE_OF(spectacles_tls_config),
    };
    for (size_t i = 0; i < sizeof structs / sizeof structs[0]; i++) {
        if (strcmp(structs[i].name, name) == 0)
            return structs[i].size;
    }
    return 0;
}
