/* The table of names, with lookups that end when the test says so, and an invented clock. */
#include "net/resolver.h"

#include "unit.h"

#include <errno.h>
#include <stdio.h>

enum {
    TIMEOUT = 15000
};

/* A place where lookups wait for the test. */
typedef struct bench {
    sp_list begun;
    sp_list done;
    int starts;
    int refuses; /* a negative errno */
    int closed;
    spectacles_resolver *resolver;
} bench;

static int descriptor(void *self)
{
    (void)self;
    return 77;
}

static int start(void *self, sp_lookup *lookup)
{
    bench *at = self;
    if (at->refuses) {
        sp_lookup_free(lookup);
        return at->refuses;
    }
    at->starts++;
    sp_list_add(&at->begun, &lookup->node);
    return 0;
}

static sp_lookup *take(void *self)
{
    sp_list_node *node = sp_list_take(&((bench *)self)->done);
    return node ? sp_list_owner(node, sp_lookup, node) : NULL;
}

static void close_bench(void *self)
{
    ((bench *)self)->closed++;
}

static void begin(bench *at)
{
    const sp_lookup_place place = {at, descriptor, start, take, close_bench};
    spectacles_resolver_config config;
    *at = (bench){0};
    sp_list_init(&at->begun);
    sp_list_init(&at->done);
    spectacles_resolver_config_init(&config, sizeof config);
    assert_int_equal(config.timeout, TIMEOUT);
    assert_int_equal(sp_resolver_new(&at->resolver, &config, &place), SPECTACLES_OK);
    assert_int_equal(spectacles_resolver_fd(at->resolver), 77);
}

static void end(bench *at)
{
    sp_list_node *node;
    spectacles_resolver_free(at->resolver);
    assert_int_equal(at->closed, 1);
    sp_list_move(&at->begun, &at->done);
    while ((node = sp_list_take(&at->begun)))
        sp_lookup_free(sp_list_owner(node, sp_lookup, node));
}

/* The lookup of this name that is on its way; NULL: there is none. */
static sp_lookup *begun(const bench *at, const char *host)
{
    for (sp_list_node *node = at->begun.head.next; node != &at->begun.head; node = node->next) {
        sp_lookup *lookup = sp_list_owner(node, sp_lookup, node);
        if (strcmp(lookup->host, host) == 0)
            return lookup;
    }
    return NULL;
}

static void finish(bench *at, const char *host, const char *addresses, const char *why)
{
    sp_lookup *lookup = begun(at, host);
    assert_non_null(lookup);
    sp_list_remove(&lookup->node);
    if (addresses) {
        lookup->addresses = malloc(strlen(addresses) + 1);
        strcpy(lookup->addresses, addresses);
    } else {
        strcpy(lookup->why, why);
    }
    sp_list_add(&at->done, &lookup->node);
}

static void ask(const bench *at, const char *host, int urgent, uint64_t now)
{
    assert_int_equal(spectacles_resolver_ask(at->resolver, host, urgent, now), SPECTACLES_OK);
}

static void assert_answer(const bench *at, uint64_t now, const char *host, const char *addresses,
                          const char *why)
{
    const spectacles_answer *answer = spectacles_resolver_next_answer(at->resolver, now);
    assert_non_null(answer);
    assert_string_equal(answer->host, host);
    assert_int_equal(answer->addresses_length, addresses ? strlen(addresses) : 0);
    assert_int_equal(answer->why_length, why ? strlen(why) : 0);
    if (addresses)
        assert_string_equal(answer->addresses, addresses);
    else
        assert_string_equal(answer->why, why);
    assert_true(!answer->addresses == !addresses && !answer->why == !why);
}

static void assert_no_answer(const bench *at, uint64_t now)
{
    assert_null(spectacles_resolver_next_answer(at->resolver, now));
}

/* ---- One name ---- */

static void a_name_is_looked_up_once_however_often_it_is_asked_for(void **state)
{
    (void)state;
    bench at;
    begin(&at);
    for (uint64_t now = 0; now < 16; now++)
        ask(&at, "gateway.example", 0, now);
    assert_int_equal(at.starts, 1);
    assert_no_answer(&at, 20);
    finish(&at, "gateway.example", "192.0.2.1 2001:db8::1", NULL);
    assert_answer(&at, 21, "gateway.example", "192.0.2.1 2001:db8::1", NULL);
    assert_no_answer(&at, 21);
    assert_true(spectacles_resolver_deadline(at.resolver) == SPECTACLES_NEVER);
    ask(&at, "gateway.example", 0, 22);
    assert_int_equal(at.starts, 2);
    finish(&at, "gateway.example", NULL, "there is no such name");
    assert_answer(&at, 23, "gateway.example", NULL, "there is no such name");
    end(&at);
}

static void a_name_that_cannot_be_one_is_refused(void **state)
{
    (void)state;
    bench at;
    char name[257];
    memset(name, 'a', 256);
    name[256] = '\0';
    begin(&at);
    assert_int_equal(spectacles_resolver_ask(at.resolver, "", 0, 1), SPECTACLES_E_INVAL);
    assert_int_equal(spectacles_resolver_ask(at.resolver, name, 0, 1), SPECTACLES_E_INVAL);
    name[255] = '\0';
    ask(&at, name, 0, 1);
    assert_non_null(begun(&at, name));
    end(&at);
}

static void a_lookup_that_cannot_begin_is_answered_with_the_reason(void **state)
{
    (void)state;
    bench at;
    begin(&at);
    at.refuses = -EMFILE;
    ask(&at, "gateway.example", 0, 5);
    assert_true(spectacles_resolver_deadline(at.resolver) <= 5);
    assert_answer(&at, 5, "gateway.example", NULL, "no thread for the lookup: too many open files");
    at.refuses = 0;
    ask(&at, "gateway.example", 0, 6);
    assert_int_equal(at.starts, 1);
    end(&at);
}

/* ---- A lookup that hangs ---- */

static void the_time_of_a_lookup_counts_from_its_own_start(void **state)
{
    (void)state;
    bench at;
    char host[32];
    begin(&at);
    for (int i = 0; i <= SPECTACLES_RESOLVER_LOOKUPS_MAX; i++) {
        snprintf(host, sizeof host, "host%d.example", i);
        ask(&at, host, 0, 1000);
    }
    assert_int_equal(at.starts, SPECTACLES_RESOLVER_LOOKUPS_MAX);
    assert_null(begun(&at, host));
    /* The last one waits for its turn, and has all of its time then. */
    finish(&at, "host3.example", "192.0.2.3", NULL);
    assert_answer(&at, 9000, "host3.example", "192.0.2.3", NULL);
    assert_non_null(begun(&at, host));
    assert_true(spectacles_resolver_deadline(at.resolver) == 1000 + TIMEOUT);
    for (int i = 0; i < SPECTACLES_RESOLVER_LOOKUPS_MAX - 1; i++)
        assert_non_null(spectacles_resolver_next_answer(at.resolver, 1000 + TIMEOUT));
    assert_no_answer(&at, 9000 + TIMEOUT - 1);
    assert_answer(&at, 9000 + TIMEOUT, host, NULL, "no name server answered within 15000 ms");
    end(&at);
}

static void a_name_that_hangs_is_not_looked_up_a_second_time(void **state)
{
    (void)state;
    bench at;
    begin(&at);
    ask(&at, "dead.example", 0, 0);
    assert_answer(&at, TIMEOUT, "dead.example", NULL, "no name server answered within 15000 ms");
    assert_true(spectacles_resolver_deadline(at.resolver) == SPECTACLES_NEVER);
    ask(&at, "dead.example", 0, 20000);
    assert_int_equal(at.starts, 1);
    assert_no_answer(&at, 20000);
    assert_true(spectacles_resolver_deadline(at.resolver) == 20000 + TIMEOUT);
    finish(&at, "dead.example", "192.0.2.9", NULL);
    assert_answer(&at, 25000, "dead.example", "192.0.2.9", NULL);
    end(&at);
}

/* The answer for slow.example comes at 17000, when nobody waits for it any more. */
static void answer_late(bench *at)
{
    begin(at);
    ask(at, "slow.example", 0, 0);
    assert_answer(at, TIMEOUT, "slow.example", NULL, "no name server answered within 15000 ms");
    finish(at, "slow.example", "192.0.2.9", NULL);
    assert_no_answer(at, 17000);
}

/* A name server that always takes longer than the timeout: the name is found all the same. */
static void a_late_answer_is_kept_for_who_asks_again(void **state)
{
    (void)state;
    bench at;
    answer_late(&at);
    ask(&at, "slow.example", 0, 17000 + SP_RESOLVER_KEEP - 1);
    assert_int_equal(at.starts, 1);
    assert_true(spectacles_resolver_deadline(at.resolver) == 0);
    assert_answer(&at, 17000 + SP_RESOLVER_KEEP - 1, "slow.example", "192.0.2.9", NULL);
    end(&at);
}

static void a_late_answer_that_is_old_is_not_believed(void **state)
{
    (void)state;
    bench at;
    answer_late(&at);
    ask(&at, "slow.example", 0, 17000 + SP_RESOLVER_KEEP);
    assert_int_equal(at.starts, 2);
    assert_no_answer(&at, 17000 + SP_RESOLVER_KEEP);
    end(&at);
}

/* ---- Many names ---- */

static void dead_names_do_not_hold_up_the_name_of_a_broker(void **state)
{
    (void)state;
    bench at;
    char host[32];
    begin(&at);
    for (int i = 0; i < 40; i++) {
        snprintf(host, sizeof host, "dead%d.example", i);
        ask(&at, host, 0, 0);
    }
    assert_int_equal(at.starts, SPECTACLES_RESOLVER_LOOKUPS_MAX);
    ask(&at, "broker.example", 1, 1);
    assert_non_null(begun(&at, "broker.example"));
    /* Nor without end: dead brokers have a bound of their own. */
    for (int i = 0; i < 40; i++) {
        snprintf(host, sizeof host, "broker%d.example", i);
        ask(&at, host, 1, 2);
    }
    assert_int_equal(at.starts, SPECTACLES_RESOLVER_LOOKUPS_MAX + SPECTACLES_RESOLVER_URGENT_MAX);
    end(&at);
}

/* The name of a shard that a broker wants too. */
static void a_name_that_becomes_urgent_overtakes_the_others(void **state)
{
    (void)state;
    bench at;
    char host[32];
    begin(&at);
    for (int i = 0; i < 12; i++) {
        snprintf(host, sizeof host, "host%d.example", i);
        ask(&at, host, 0, 0);
    }
    assert_null(begun(&at, "host11.example"));
    ask(&at, "host11.example", 1, 1);
    assert_non_null(begun(&at, "host11.example"));
    assert_null(begun(&at, "host10.example"));
    end(&at);
}

/* When places are free again, those of brokers have the first choice. */
static void urgent_names_are_looked_up_first(void **state)
{
    (void)state;
    bench at;
    char host[32];
    begin(&at);
    for (int i = 0; i < 30; i++) {
        snprintf(host, sizeof host, "host%d.example", i);
        ask(&at, host, 0, 0);
        snprintf(host, sizeof host, "broker%d.example", i);
        ask(&at, host, 1, 0);
    }
    sp_list_move(&at.done, &at.begun);
    while (spectacles_resolver_next_answer(at.resolver, 1))
        continue;
    for (sp_list_node *node = at.begun.head.next; node != &at.begun.head; node = node->next)
        assert_memory_equal(sp_list_owner(node, sp_lookup, node)->host, "broker", 6);
    assert_false(sp_list_is_empty(&at.begun));
    end(&at);
}

static void answers_come_whatever_the_order_of_the_questions(void **state)
{
    (void)state;
    bench at;
    begin(&at);
    ask(&at, "one.example", 0, 0);
    ask(&at, "two.example", 0, 0);
    finish(&at, "two.example", "192.0.2.2", NULL);
    assert_answer(&at, 1, "two.example", "192.0.2.2", NULL);
    finish(&at, "one.example", "192.0.2.1", NULL);
    assert_answer(&at, 2, "one.example", "192.0.2.1", NULL);
    assert_no_answer(&at, 2);
    end(&at);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_is_looked_up_once_however_often_it_is_asked_for),
        cmocka_unit_test(a_name_that_cannot_be_one_is_refused),
        cmocka_unit_test(a_lookup_that_cannot_begin_is_answered_with_the_reason),
        cmocka_unit_test(the_time_of_a_lookup_counts_from_its_own_start),
        cmocka_unit_test(a_name_that_hangs_is_not_looked_up_a_second_time),
        cmocka_unit_test(a_late_answer_is_kept_for_who_asks_again),
        cmocka_unit_test(a_late_answer_that_is_old_is_not_believed),
        cmocka_unit_test(dead_names_do_not_hold_up_the_name_of_a_broker),
        cmocka_unit_test(a_name_that_becomes_urgent_overtakes_the_others),
        cmocka_unit_test(urgent_names_are_looked_up_first),
        cmocka_unit_test(answers_come_whatever_the_order_of_the_questions),
    };
    return cmocka_run_group_tests_name("net/resolver", tests, NULL, NULL);
}
