/*
 * Tells an owner and a state which shards have changed, so that nobody need look at all shards. The files that change
 * sessions and gaps note the change (sp_relay_note_change()). Called by owners, and by lib/state.
 */
#include "core/export.h"
#include "relay/served.h"

/* NULL: the shard is not in the list. */
static sp_list_node *node_behind(const spectacles_relay *relay, const spectacles_shard *shard)
{
    const sp_relay_shard *served = sp_relay_find_shard(relay, spectacles_shard_id(shard));
    return served ? served->changed_node.next : NULL;
}

SPECTACLES_EXPORT spectacles_shard *spectacles_relay_next_changed(const spectacles_relay *relay,
                                                                  const spectacles_shard *last)
{
    sp_list_node *node = last ? node_behind(relay, last) : relay->changed.head.next;
    if (!node || node == &relay->changed.head)
        return NULL;
    return sp_list_owner(node, sp_relay_shard, changed_node)->engine;
}

SPECTACLES_EXPORT void spectacles_relay_forget_changed(spectacles_relay *relay)
{
    while (sp_list_take(&relay->changed))
        continue;
}
