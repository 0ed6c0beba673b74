/*
 * What a connection.close means: what passes by itself is tried again soon, what a person has to mend is said
 * and waited for.
 */
#include "server.h"

enum {
    SHORTEST = 250, /* the longest wait after the first failure */
    PATIENT = 15000 /* the shortest one for what a person has to mend */
};

typedef struct close_case {
    int code;
    const char *text;
    const char *says;
} close_case;

/* The first connection is closed, in the handshake or behind it; how long the next one waits. */
static uint64_t wait_after(const close_case *each, int handshake)
{
    sp_server *server = server_new(NULL);
    if (handshake)
        server_open(server);
    else
        server_handshake(server);
    server_method(server, 0, 10, 50, "wsww", (uint64_t)each->code, each->text, (uint64_t)0, (uint64_t)0);
    server_eof(server);
    uint64_t wait = spectacles_stream_deadline(spectacles_broker_stream(server->broker)) - server->now;
    if (!strstr(server_last(&server->events, "DISCONNECTED"), each->says))
        fail_msg("%s: %s", each->text, server_last(&server->events, "DISCONNECTED"));
    server_free(server);
    return wait;
}

static void a_limit_on_connections_passes_by_itself(void **state)
{
    (void)state;
    static const close_case table[] = {
        {530, "NOT_ALLOWED - access to vhost 'v' refused for user 'u': connection limit (5) is reached",
         "free place"},
        {530, "NOT_ALLOWED - access to vhost 'v' refused for user 'u': vhost connection limit (5) is reached",
         "free place"},
        {530, "NOT_ALLOWED - Connection refused for user 'u': user connection limit (1) is reached",
         "free place"},
        {530, "NOT_ALLOWED - connection refused: node connection limit (100) is reached", "free place"},
        {530,
         "NOT_ALLOWED - access to vhost 'v' refused for user 'u': connection limit cannot be queried, "
         "timeout",
         "free place"},
        {541, "INTERNAL_ERROR - access to vhost 'v' refused for user 'u': vhost 'v' is down",
         "vhost 'v' is down"},
        {320, "CONNECTION_FORCED - Node was put into maintenance mode", "maintenance mode"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        assert_in_range(wait_after(&table[i], 1), 0, SHORTEST);
}

static void a_vhost_or_user_that_is_refused_is_a_persons_to_mend(void **state)
{
    (void)state;
    static const close_case table[] = {
        {530, "NOT_ALLOWED - access to vhost 'v' refused for user 'u'", "virtual host"},
        {530, "NOT_ALLOWED - vhost v not found", "create it"},
        {403, "ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN",
         "check user and password"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        assert_in_range(wait_after(&table[i], 1), PATIENT, 2 * PATIENT);
}

/* One connection has three channels: fewer will never do, and more of them may be free in a moment. */
static void a_limit_on_channels_is_named(void **state)
{
    (void)state;
    static const close_case never[] = {
        {530,
         "NOT_ALLOWED - number of channels opened for user 'u' has reached the maximum allowed user limit of "
         "(2)",
         "max-channels"},
        {530,
         "NOT_ALLOWED - number of channels opened for user 'u' has reached the maximum allowed user limit of "
         "0",
         "max-channels"},
        {530,
         "NOT_ALLOWED - number of channels opened on node 'n' has reached the maximum allowed limit of (1)",
         "needs 3"},
    };
    static const close_case soon[] = {
        {530,
         "NOT_ALLOWED - number of channels opened for user 'u' has reached the maximum allowed user limit of "
         "(30)",
         "max-channels"},
        {530, "NOT_ALLOWED - number of channels opened for user 'u3' has reached the maxim", "max-channels"},
    };
    for (size_t i = 0; i < sizeof never / sizeof never[0]; i++)
        assert_in_range(wait_after(&never[i], 0), PATIENT, 2 * PATIENT);
    for (size_t i = 0; i < sizeof soon / sizeof soon[0]; i++)
        assert_in_range(wait_after(&soon[i], 0), 0, SHORTEST);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_limit_on_connections_passes_by_itself),
        cmocka_unit_test(a_vhost_or_user_that_is_refused_is_a_persons_to_mend),
        cmocka_unit_test(a_limit_on_channels_is_named),
    };
    return cmocka_run_group_tests_name("broker/loss", tests, NULL, NULL);
}
