#ifndef GATEWAY_DAEMON_H
#define GATEWAY_DAEMON_H

#include "ask.h"
#include "gateways.h"
#include "group.h"
#include "log_repeats.h"
#include "loop.h"
#include "member.h"
#include "notify.h"
#include "proxies.h"
#include "settings.h"
#include "signals.h"
#include "status_server.h"
#include "store.h"

#include <spectacles/spectacles.h>

/*
 * The daemon, and what moves it from state to state:
 *
 *     STARTING --(the settings are right)--> ASKING --(Discord and the group have answered)--> CONNECTING
 *                                                                                            |
 *                                (both brokers have been READY, and SEND is consumed or was refused)
 *                                                                                            v
 *     ENDED <--(everything is closed, or STOP_TIMEOUT is over)-- STOPPING <--(SIGTERM)-- SERVING
 *
 * STARTING, ASKING and CONNECTING end as well: what a person has to mend ends the daemon with 78, what may pass with
 * 75, and SIGTERM with 0. From CONNECTING on the way there is STOPPING, so that sessions stay resumable. Shards with a
 * stored session resume in CONNECTING already; shards without one identify when CONNECTING is over.
 */
enum daemon_state {
    DAEMON_STARTING,
    DAEMON_ASKING,
    DAEMON_CONNECTING,
    DAEMON_SERVING,
    DAEMON_STOPPING,
    DAEMON_ENDED
};

/* What has to stand before CONNECTING is over: a mask. */
enum daemon_stands {
    DAEMON_EVENTS_STAND = 1,
    DAEMON_COMMANDS_STAND = 2,
    DAEMON_SEND_STANDS = 4,
    DAEMON_ALL_STANDS = 7
};

/*
 * Everything that the daemon has. Parts read it; daemon_state.c alone changes the state. A part that joins is made in
 * daemon_start() or serve(), adds its descriptors in watch(), works in turn(), hears of events in on_event(), and is
 * freed in end_parts().
 */
struct daemon {
    enum daemon_state state;
    const struct settings_input *input;
    struct settings settings; /* those that are followed */
    struct proxies proxies;
    struct log *log;             /* NULL in STARTING, until the settings are read */
    struct log_repeats *repeats; /* NULL: memory ran out, and every line is written */
    struct notify *notify;       /* NULL: there is no systemd to tell anything */
    struct loop loop;
    struct signals *signals;
    struct ask *ask;
    struct group *group;        /* NULL: other processes of the group are not looked for */
    struct status_server shown; /* metrics, probes and the status page */
    struct store *store;        /* NULL: SESSION_FILE is not set, or FLEET is on */
    struct store *past; /* with FLEET=on: what SESSION_FILE has of the time before; never written again */
    spectacles_gateway_bot bot; /* the last answer of GET /gateway/bot; no size: there was none */
    struct gateways gateways;   /* none before CONNECTING */
    struct member *member;      /* NULL before CONNECTING, and when FLEET is off */
    uint32_t shard_count;       /* of the whole bot, as it was started; 0 before CONNECTING */
    uint32_t stands;            /* a mask of enum daemon_stands */
    bool is_closing;            /* STOPPING: the fleet was left, if there is one, and the gateway stops */
    bool is_finishing;          /* the gateway has stopped, and the last write is waited for */
    uint64_t stop_since;        /* when STOPPING began */
    uint64_t leave_until;       /* the gateway stops then, whether the fleet was left or not */
    uint64_t stop_until; /* the daemon ends then, finished or not; SPECTACLES_NEVER: it is not stopping */
    int served;          /* what gateways_process() has returned last */
    int exit_code;
};

/*
 * Runs the daemon until it ends.
 *
 * input: where settings are read from, at the start and on SIGHUP.
 *
 * Returns the exit code: 0, 75 or 78.
 */
int daemon_run(const struct settings_input *input);

#endif
