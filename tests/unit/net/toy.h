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
} sp_scene;

extern const sp_stream_calls toy_calls;
extern const sp_holder_calls toy_holder_calls;

/* An engine that wants to be connected to us, under this name; config may be NULL. */
sp_scene *scene_begin(const char *host, const spectacles_link_config *config);
void scene_end(sp_scene *scene);

/* One turn of an owner's loop; waits at most a little, for whatever the link waits for. */
int scene_turn(sp_scene *scene);

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
