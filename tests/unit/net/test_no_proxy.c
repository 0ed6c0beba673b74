/* Which hosts NO_PROXY excepts: curl's rules, and nothing else. */
#include "unit.h"

#include <spectacles/proxy.h>

static void check(const char *list, const char *host, int excepted)
{
    if (spectacles_proxy_is_excepted(list, host) != excepted)
        fail_msg("'%s', %s: not %d", list ? list : "NULL", host, excepted);
}

static void names(void **state)
{
    (void)state;
    check(NULL, "example.com", 0);
    check("", "example.com", 0);
    check("example.com", "example.com", 1);
    check("example.com", "www.example.com", 1);
    check("example.com", "badexample.com", 0);
    check("example.com", "example.com.org", 0);
    check("www.example.com", "example.com", 0);
    check(".example.com", "example.com", 1);
    check(".example.com", "www.example.com", 1);
    check("..example.com", "www.example.com", 0);
    check("EXAMPLE.com", "www.Example.COM", 1);
    check("example.com.", "example.com", 1);
    check("example.com", "example.com.", 1);
    check("com", "example.com", 1);
    check(".", "example.com", 0);
    check("example.com:443", "example.com", 0);
    check("example.com", "", 0);
}

static void lists(void **state)
{
    (void)state;
    check("a.test,b.test", "b.test", 1);
    check(" a.test , b.test ", "b.test", 1);
    check("a.test b.test", "b.test", 1);
    check("a.test,,\t,b.test,", "b.test", 1);
    check(",", "b.test", 0);
    check("a.test,b.test", "c.test", 0);
}

static void a_single_asterisk_excepts_all(void **state)
{
    (void)state;
    check("*", "example.com", 1);
    check("*", "10.0.0.1", 1);
    check("*,a.test", "example.com", 0);
    check("*.example.com", "www.example.com", 0);
    check(" *", "example.com", 0);
}

static void addresses(void **state)
{
    (void)state;
    check("10.0.0.1", "10.0.0.1", 1);
    check("10.0.0.1", "10.0.0.11", 0);
    check(".0.0.1", "10.0.0.1", 0);
    check("10.0.0.1", "host.10.0.0.1", 1); /* that is a name */
    check("10.0.0.0/8", "10.255.1.2", 1);
    check("10.0.0.0/8", "11.0.0.0", 0);
    check("192.168.16.0/20", "192.168.31.255", 1);
    check("192.168.16.0/20", "192.168.32.0", 0);
    check("192.168.16.0/33", "192.168.16.0", 0);
    check("192.168.16.0/", "192.168.16.0", 0);
    check("192.168.16.0/x", "192.168.16.0", 0);
    check("192.168.16.0/-1", "192.168.16.0", 0);
    check("192.168.16.0/4294967297", "192.168.16.0", 0);
    check("10.0.0.0/8", "ten.example", 0);
    check("0.0.0.0/0", "10.0.0.1", 0); /* curl's way, too */
    check("0.0.0.0/0", "0.0.0.0", 1);
    check("10.0.0.1/32", "10.0.0.1", 1);
    check("10.0.0.1/31", "10.0.0.0", 1);
}

static void ipv6(void **state)
{
    (void)state;
    check("::1", "::1", 1);
    check("0:0:0:0:0:0:0:1", "::1", 1);
    check("[::1]", "::1", 0);
    check("fd00::/8", "fdff::1", 1);
    check("fd00::/8", "fe00::1", 0);
    check("fd80::/57", "fd80:0:0:7f::1", 1);
    check("fd80::/57", "fd80:0:0:80::1", 0);
    check("::/129", "::", 0);
    check("10.0.0.0/8", "::a00:1", 0);
    check("a.test,fd80::1", "fd80::1", 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),     cmocka_unit_test(lists), cmocka_unit_test(a_single_asterisk_excepts_all),
        cmocka_unit_test(addresses), cmocka_unit_test(ipv6),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
