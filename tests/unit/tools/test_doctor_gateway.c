/* What the doctor makes of Discord's gateway: HELLO, nobody there, and a server that is none. */
#include "doctor_gateway.h"

#include "listener.h"
#include "patient.h"
#include "shard/peer.h"

#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#define HELLO "{\"op\":10,\"d\":{\"heartbeat_interval\":41250}}"

static struct patient patient;
static struct listener listener;
static char url[64];

static void go_to(const char *place)
{
    snprintf(patient.doctor.bot.url, sizeof patient.doctor.bot.url, "%s", place);
}

static int begin(void **state)
{
    (void)state;
    patient_begin(&patient, (const char *const[]){"DISCORD_INTENTS=guilds", NULL});
    patient.doctor.engines.shard.compression = SPECTACLES_COMPRESSION_NONE;
    patient.doctor.engines.shard.format = SPECTACLES_FORMAT_JSON;
    listener_begin(&listener);
    snprintf(url, sizeof url, "ws://127.0.0.1:%u", listener.port);
    patient.doctor.has_bot = true;
    go_to(url);
    return 0;
}

static int end(void **state)
{
    (void)state;
    listener_end(&listener);
    patient_end(&patient);
    return 0;
}

/* Up to the empty line. */
static void read_request(int peer, char *request, size_t size)
{
    size_t length = 0;
    ssize_t got = 1;
    request[0] = '\0';
    while (got > 0 && length + 1 < size && !strstr(request, "\r\n\r\n")) {
        got = read(peer, request + length, size - length - 1);
        length += got > 0 ? (size_t)got : 0;
        request[length] = '\0';
    }
}

/* Upgrades the connection, and says HELLO. */
static void *say_hello(void *unused)
{
    char request[2048];
    char accept_key[64];
    char answer[512];
    listener.peer = accept(listener.socket, NULL, NULL);
    read_request(listener.peer, request, sizeof request);
    peer_accept_key(request, accept_key);
    int length = snprintf(answer, sizeof answer,
                          "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                          "Sec-WebSocket-Accept: %s\r\n\r\n\x81%c%s",
                          accept_key, (int)strlen(HELLO), HELLO);
    send(listener.peer, answer, (size_t)length, MSG_NOSIGNAL);
    return unused;
}

/* A web server that knows nothing of WebSockets. */
static void *say_no(void *unused)
{
    static const char answer[] = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
    char request[2048];
    listener.peer = accept(listener.socket, NULL, NULL);
    read_request(listener.peer, request, sizeof request);
    send(listener.peer, answer, sizeof answer - 1, MSG_NOSIGNAL);
    return unused;
}

static void look(void *(*server)(void *))
{
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, server, NULL), 0);
    doctor_gateway(&patient.doctor);
    assert_int_equal(pthread_join(thread, NULL), 0);
}

static void hello_is_enough_and_nothing_identifies(void **state)
{
    (void)state;
    look(say_hello);
    patient_has(&patient, FINDING_IS_FINE, "says HELLO after", NULL);
    patient_has(&patient, FINDING_IS_FINE, "nothing was identified", NULL);
    assert_false(listener_has(&listener, 1));
}

static void a_server_that_is_no_gateway_may_pass(void **state)
{
    (void)state;
    look(say_no);
    patient_has(&patient, FINDING_MAY_PASS, url, "mend the name, the firewall, the proxy");
    patient_has(&patient, FINDING_MAY_PASS, "404", NULL);
}

static void nobody_there_may_pass(void **state)
{
    (void)state;
    close(listener.socket);
    doctor_gateway(&patient.doctor);
    listener_begin(&listener);
    patient_has(&patient, FINDING_MAY_PASS, url, "mend the name, the firewall, the proxy");
}

static void an_address_that_is_none_is_final(void **state)
{
    (void)state;
    go_to("gopher://127.0.0.1");
    doctor_gateway(&patient.doctor);
    patient_has(&patient, FINDING_IS_FINAL, "no connection can be made: ", NULL);
}

static void without_an_answer_of_discord_there_is_nowhere_to_go(void **state)
{
    (void)state;
    patient.doctor.has_bot = false;
    doctor_gateway(&patient.doctor);
    assert_int_equal(patient_count(&patient), 0);
}

#define LISTENING(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LISTENING(hello_is_enough_and_nothing_identifies),
        LISTENING(a_server_that_is_no_gateway_may_pass),
        LISTENING(nobody_there_may_pass),
        LISTENING(an_address_that_is_none_is_final),
        LISTENING(without_an_answer_of_discord_there_is_nowhere_to_go),
    };
    return cmocka_run_group_tests_name("tools/doctor_gateway", tests, NULL, NULL);
}
