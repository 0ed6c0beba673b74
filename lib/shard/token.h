#ifndef SP_SHARD_TOKEN_H
#define SP_SHARD_TOKEN_H

#include "shard/internal.h"

/* Whether both tokens say whose they are, and are of two bots. */
bool sp_token_is_foreign(const char *one, const char *other);

#endif
