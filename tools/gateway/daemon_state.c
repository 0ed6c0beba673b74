/*
 * The states of the daemon: the one place where they change. It owns nothing. daemon.c and daemon_start.c call it.
 */
#include "daemon_state.h"

#include <assert.h>

enum {
    CLOSING_TIME = 2000 /* milliseconds of STOP_TIMEOUT that the fleet leaves to the brokers */
};

const char *daemon_state_name(enum daemon_state state)
{
    static const char *const names[] = {
        [DAEMON_STARTING] = "STARTING", [DAEMON_ASKING] = "ASKING",     [DAEMON_CONNECTING] = "CONNECTING",
        [DAEMON_SERVING] = "SERVING",   [DAEMON_STOPPING] = "STOPPING", [DAEMON_ENDED] = "ENDED"};
    return names[state];
}

void daemon_set_state(struct daemon *daemon, enum daemon_state state)
{
    assert(state > daemon->state ||
           state == DAEMON_ENDED); /* there is no way back; an end may have several causes */
    log_say(daemon->log, LOG_LEVEL_DEBUG, "STATE", "%s, after %s", daemon_state_name(state),
            daemon_state_name(daemon->state));
    daemon->state = state;
}

void daemon_end(struct daemon *daemon, int exit_code)
{
    if (exit_code > daemon->exit_code)
        daemon->exit_code = exit_code;
    daemon_set_state(daemon, DAEMON_ENDED);
}

void daemon_fail(struct daemon *daemon, int exit_code, const char *text)
{
    log_say(daemon->log, LOG_LEVEL_ERROR, "ENDS", "%s", text);
    daemon_end(daemon, exit_code);
}

void daemon_close(struct daemon *daemon, uint64_t now)
{
    bool has_left = member_has_left(daemon->member);
    if (daemon->state != DAEMON_STOPPING || daemon->is_closing || (!has_left && now < daemon->leave_until))
        return;
    if (!has_left)
        log_say(
            daemon->log, LOG_LEVEL_WARN, "FLEET_LATE",
            "not all shards were handed over within STOP_TIMEOUT: the other members of the fleet resume them "
            "from what is stored");
    daemon->is_closing = true;
    member_close(daemon->member, now);
    gateways_stop(&daemon->gateways, now);
}

void daemon_stop(struct daemon *daemon, int exit_code, uint64_t now)
{
    uint64_t timeout = settings_value(&daemon->settings, SETTING_STOP_TIMEOUT)->number;
    if (daemon->state < DAEMON_CONNECTING) {
        daemon_end(daemon, exit_code);
        return;
    }
    if (exit_code > daemon->exit_code)
        daemon->exit_code = exit_code;
    if (daemon->state >= DAEMON_STOPPING)
        return;
    daemon_set_state(daemon, DAEMON_STOPPING);
    notify_stopping(daemon->notify, now);
    daemon->shown.status.is_stopping = true;
    daemon->stop_since = now;
    daemon->stop_until = now + timeout;
    daemon->leave_until = now + (timeout > 2 * CLOSING_TIME ? timeout - CLOSING_TIME : timeout / 2);
    group_stop(daemon->group);
    member_leave(daemon->member, now);
    daemon_close(daemon, now);
}
