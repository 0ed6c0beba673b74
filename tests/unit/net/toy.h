#ifndef TESTS_NET_TOY_H
#define TESTS_NET_TOY_H

#include "core/stream.h"
#include "unit.h"

#include <spectacles/link.h>

/*
 * A link over an engine that does what the test says, and a peer in the same process on a real socket. The
 * two are driven in turn, and waited for with poll.
 */
typedef struct sp_toy {
    spectacles_stream stream;
    spectacles_endpoint endpoint;
    int wants_connection;
    int wants_input;
    int opened;
    int ended;
    int error;
    char text[300];
    uint8_t in[1 << 20];
    size_t in_length;
    const uint8_t *out;
    size_t out_length;
    uint64_t deadline;
    int expired;
    int freed;     /* by its owner, while a link held it */
    int destroyed; /* nobody holds it any more */
} sp_toy;

typedef struct sp_scene {
    sp_toy toy;
    spectacles_link *link;
    int listener;
    int peer;
    uint64_t now;
    int patience;  /* milliseconds that a turn waits at most; 20 without a word */
    int swallower; /* its queue is full */
    int filler[4];
    size_t filler_count;
} sp_scene;

extern const sp_stream_calls toy_calls;
extern const sp_holder_calls toy_holder_calls;

/* An engine that wants to be connected to us, under this name; config may be NULL. */
sp_scene *scene_begin(const char *host, const spectacles_link_config *config);
void scene_end(sp_scene *scene);

/* One turn of an owner's loop; waits at most a little, for whatever the link waits for. */
int scene_turn(sp_scene *scene);

#if defined(__linux__)
/*
 * More addresses of the same host, on the same port: 127.0.0.<last>. Only Linux has them without being asked. `scene`
 * listens on 127.0.0.1.
 */
int scene_listen_at(const sp_scene *scene, uint8_t last);

/* Every address of 127.0.0.0/8 on which nobody listens swallows connections from now on, until scene_end(). */
void scene_swallow(sp_scene *scene);

/* Stops listening on 127.0.0.1. The port stays taken. */
void scene_refuse(sp_scene *scene);
#endif

/* Waits for a connection on a listener, with turns of the link, and accepts it. */
int scene_accept_at(sp_scene *scene, int listener);

/* Answers the link that wants addresses. The engine asks for another connection first when it wants none. */
void scene_resolve(sp_scene *scene, const char *addresses);

/* Until the engine has heard that its connection stands; accepts the peer. */
void scene_connect(sp_scene *scene);

/* Until TCP stands; the link may still have to shake hands. */
void scene_accept(sp_scene *scene);

#define until(condition)                                                                                     \
    for (int i_ = 0; !(condition); i_++) {                                                                   \
        assert_true(i_ < 1000);                                                                              \
        scene_turn(scene);                                                                                   \
    }

#endif
