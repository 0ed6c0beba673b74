#ifndef TESTS_SHARD_SCENE_H
#define TESTS_SHARD_SCENE_H

#include "peer.h"
#include "wire.h"

#include <stdbool.h>

/* Steps that many tests of the shard take. */

#define SCENE_HELLO "{\"op\":10,\"d\":{\"heartbeat_interval\":41250}}"
#define SCENE_READY                                                                                          \
    "{\"t\":\"READY\",\"s\":1,\"op\":0,\"d\":{\"session_id\":\"abc\",\"resume_gateway_url\":"                \
    "\"wss://gateway.discord.gg\",\"shard\":[1,4]}}"
/* What the shard sends to resume the session of peer_ready() behind READY. */
#define SCENE_RESUME "{\"op\":6,\"d\":{\"token\":\"" PEER_TOKEN "\",\"session_id\":\"abc\",\"seq\":1}}"

/* ---- A gateway that speaks JSON as text ---- */

/* Waits in BACKOFF until the next attempt has begun. */
void scene_next_attempt(sp_peer *peer);

/* Waits, and acknowledges the heartbeats meanwhile. */
void scene_live(sp_peer *peer, uint64_t ms);

/* A dispatch "A" with this sequence. */
void scene_event(sp_peer *peer, int seq);

/* ---- A gateway that speaks ETF, or compresses ---- */

/* A format and a compression, and the query of the upgrade that asks for them. */
typedef struct sp_way {
    const char *name;
    uint32_t format, compression;
    const char *query;
} sp_way;

enum {
    WAY_JSON,
    WAY_JSON_ZLIB,
    WAY_JSON_ZSTD,
    WAY_JSON_PAYLOAD,
    WAY_ETF,
    WAY_ETF_ZLIB,
    WAY_ETF_ZSTD,
    WAYS
};

extern const sp_way scene_ways[WAYS];

/* Whether this build has the compression of a way. */
bool scene_has(const sp_way *way);

/* Whether a way compresses a whole connection as one stream, and this build has the compression. */
bool scene_has_stream(const sp_way *way);

typedef struct sp_scene {
    sp_peer *peer;
    wire wire;
    size_t identified_at; /* the bytes that were recorded when the shard identified */
} sp_scene;

/* A shard that asks for a way, and a gateway that speaks so. config: other settings, or NULL. */
sp_scene scene_begin(const sp_way *way, const spectacles_shard_config *config);
void scene_end(sp_scene *scene);

/* Opens the connection that the shard wants, and answers its upgrade. */
void scene_open(sp_scene *scene);

/* HELLO, the identify of the owner, and READY. */
void scene_identify(sp_scene *scene);

/* Everything up to READY; on the second connection everything up to RESUMED. Checks what the shard sends. */
void scene_ready(sp_scene *scene, const sp_way *way, int connection);

/* A payload of the gateway, given as JSON. */
void scene_say(sp_scene *scene, const char *text);

/* The next payload of the shard, as JSON. scene_expect_pongs() takes the answers to pings in front of it. */
void scene_expect(sp_scene *scene, const char *json);
void scene_expect_pongs(sp_scene *scene, const char *json);

/* The bytes that the program has allocated; 0 when it was built without AddressSanitizer. */
size_t scene_memory(void);

#endif
