/* The settings of a shard, which a gateway has too, and the sessions that are handed to JavaScript and back. */
#ifndef SHARD_H
#define SHARD_H

#include "values.h"

/* token, url, intents, format, compression, presence, shardId, shardCount. */
void shard_config(given *from, spectacles_shard_config *config);
/* The session of an object; NULL: it is absent. */
const spectacles_session *given_session(given *from, const char *name);
napi_value new_session(napi_env env, const spectacles_session *session);

#endif
