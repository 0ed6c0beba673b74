#ifndef SP_SHARD_CONFIG_H
#define SP_SHARD_CONFIG_H

#include <spectacles/shard.h>

/* 0, or SPECTACLES_E_INVAL or SPECTACLES_E_UNSUPPORTED, and the problem says which setting is wrong and what to do. */
int sp_shard_check_config(const spectacles_shard_config *config, spectacles_problem *problem);

#endif
