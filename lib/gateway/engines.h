#ifndef SP_GATEWAY_ENGINES_H
#define SP_GATEWAY_ENGINES_H

#include "gateway/internal.h"

/* Copies the settings that later shards need, and the certificates that links share. Errors: see gateway.h. */
int sp_gateway_keep_settings(spectacles_gateway *gateway, const spectacles_gateway_config *config,
                             spectacles_problem *problem);
void sp_gateway_wipe_settings(spectacles_gateway *gateway);

/* Makes both brokers and their links, unless the owner takes the messages. */
int sp_gateway_make_brokers(spectacles_gateway *gateway, const spectacles_gateway_config *config,
                            spectacles_problem *problem);

/* Makes a shard and its link. session: NULL when there is none. SPECTACLES_E_INVAL: the id is there already. */
int sp_gateway_make_shard(spectacles_gateway *gateway, uint32_t shard_id, const spectacles_session *session,
                          spectacles_problem *problem);

/* The engine of a shard; NULL when it is not served here. */
sp_engine *sp_gateway_find_engine(const spectacles_gateway *gateway, uint32_t shard_id);

/* Frees a shard and its link. */
void sp_gateway_free_shard(spectacles_gateway *gateway, uint32_t shard_id);

/* Frees all engines and links. */
void sp_gateway_free_engines(spectacles_gateway *gateway);

#endif
