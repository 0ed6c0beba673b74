/* The addresses that PROMETHEUS_ADDRESS may have, on real sockets, and what is said when one cannot be had. */
#include "http_listen.h"

#include "unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static struct problems problems;

static unsigned port_of(int fd)
{
    struct sockaddr_in6 address;
    socklen_t length = sizeof address;
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &length), 0);
    return ntohs(address.sin6_port);
}

/* Whether this machine reaches the port by IPv4. */
static bool answers(unsigned port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    bool is_connected = connect(fd, (const struct sockaddr *)&address, sizeof address) == 0;
    close(fd);
    return is_connected;
}

static void each_form_of_an_address_is_taken(void **state)
{
    static const char *const addresses[] = {"127.0.0.1:0", ":0", "localhost:0", "0.0.0.0:0"};
    (void)state;
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
        int fd = http_listen(addresses[i], &problems);
        assert_true(fd >= 0);
        assert_true(answers(port_of(fd)));
        close(fd);
    }
    assert_null(problems.first);
    int fd = http_listen("[::1]:0", &problems); /* a machine may have no IPv6 */
    if (fd >= 0)
        close(fd);
    problems_free(&problems);
}

static void refuse(const char *address, enum problem_code code, const char *word)
{
    assert_int_equal(http_listen(address, &problems), -1);
    assert_non_null(problems.first);
    assert_null(problems.first->next);
    assert_int_equal(problems.first->code, code);
    assert_string_equal(problems.first->where, "PROMETHEUS_ADDRESS");
    assert_non_null(strstr(problems.first->text, word));
    problems_free(&problems);
}

static void an_address_in_use_is_one_sentence(void **state)
{
    char address[64];
    (void)state;
    int fd = http_listen("127.0.0.1:0", &problems);
    snprintf(address, sizeof address, "127.0.0.1:%u", port_of(fd));
    refuse(address, PROBLEM_MAY_PASS, "another program listens");
    snprintf(address, sizeof address, "localhost:%u", port_of(fd));
    refuse(address, PROBLEM_MAY_PASS, "another program listens");
    close(fd);
}

static void what_cannot_be_had_is_one_sentence(void **state)
{
    (void)state;
    refuse("192.0.2.1:9090", PROBLEM_MAY_PASS, "this machine does not have the address");
    refuse("no-such-host.invalid:9090", PROBLEM_MAY_PASS, "has no address");
    refuse("9090", PROBLEM_IS_FINAL, "as :8080");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_form_of_an_address_is_taken),
        cmocka_unit_test(an_address_in_use_is_one_sentence),
        cmocka_unit_test(what_cannot_be_had_is_one_sentence),
    };
    return cmocka_run_group_tests_name("tools/http_listen", tests, NULL, NULL);
}
