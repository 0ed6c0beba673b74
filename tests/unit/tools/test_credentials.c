/* Credentials that were read again: who gets them, with what, and what is told when somebody refuses them. */
#include "credentials.h"

#include "bot.h"
#include "memory.h"
#include "unit.h"

#include <stdio.h>
#include <unistd.h>

/* ---- Who logs in, faked ---- */

static struct {
    const char *token;
    const char *const *urls;
    size_t url_count;
    uint64_t now;
    spectacles_tls *tls;
    spectacles_tls *broker_tls;
    int error; /* of every call */
} gateway_got;

int spectacles_gateway_set_token(spectacles_gateway *gateway, const char *token)
{
    assert_non_null(gateway);
    gateway_got.token = token;
    return gateway_got.error;
}

int spectacles_gateway_set_broker_urls(spectacles_gateway *gateway, const char *const *urls, size_t url_count,
                                       uint64_t now)
{
    assert_non_null(gateway);
    gateway_got.urls = urls;
    gateway_got.url_count = url_count;
    gateway_got.now = now;
    return gateway_got.error;
}

int spectacles_gateway_set_tls(spectacles_gateway *gateway, spectacles_tls *tls)
{
    assert_non_null(gateway);
    gateway_got.tls = tls;
    return SPECTACLES_OK;
}

int spectacles_gateway_set_broker_tls(spectacles_gateway *gateway, spectacles_tls *tls)
{
    assert_non_null(gateway);
    gateway_got.broker_tls = tls;
    return SPECTACLES_OK;
}

struct group {
    const char *const *urls;
    size_t url_count;
    spectacles_tls *tls;
    int error;
};

void group_set_tls(struct group *group, spectacles_tls *tls)
{
    if (group)
        group->tls = tls;
}

int group_set_urls(struct group *group, const char *const *urls, size_t count, uint64_t now,
                   spectacles_problem *problem)
{
    (void)now;
    if (!group)
        return SPECTACLES_OK;
    group->urls = urls;
    group->url_count = count;
    snprintf(problem->text, sizeof problem->text, "%s", group->error ? "the group refuses" : "");
    return group->error;
}

struct member {
    const char *const *urls;
    spectacles_tls *tls;
};

void member_set_tls(struct member *member, spectacles_tls *tls)
{
    if (member)
        member->tls = tls;
}

int member_set_urls(struct member *member, const char *const *urls, size_t count, uint64_t now,
                    spectacles_problem *problem)
{
    (void)now;
    (void)problem;
    if (member && count > 0)
        member->urls = urls;
    return SPECTACLES_OK;
}

/* ---- A scene ---- */

struct scene {
    struct memory memory;
    struct settings settings;
    struct bot bot;
    struct group group;
    struct member member;
    struct credentials_users users;
    spectacles_problem problem;
};

static void begin(struct scene *scene, const char *more)
{
    struct problems problems = {0};
    *scene = (struct scene){.group = {.error = SPECTACLES_OK}};
    memset(&gateway_got, 0, sizeof gateway_got);
    memory_begin(&scene->memory);
    if (more)
        memory_set(&scene->memory, more);
    memory_read(&scene->memory, &scene->settings, &problems);
    problems_free(&problems);
    bot_begin(&scene->bot, &scene->settings, "wss://gateway.example", 1);
    assert_non_null(scene->bot.gateway);
    scene->users = (struct credentials_users){&scene->bot.gateways, &scene->group, &scene->member};
}

static void end(struct scene *scene)
{
    bot_end(&scene->bot);
    settings_free(&scene->settings);
}

/* What the handle says last is what is told. */
static const char *let_the_handle_refuse(struct scene *scene)
{
    assert_int_not_equal(spectacles_gateway_set_latency_budget(scene->bot.gateway, UINT32_MAX),
                         SPECTACLES_OK);
    gateway_got.error = SPECTACLES_E_INVAL;
    return spectacles_gateway_last_error(scene->bot.gateway);
}

/* ---- The tests ---- */

static void the_token_goes_to_the_gateway(void **state)
{
    struct scene scene;
    (void)state;
    begin(&scene, NULL);
    assert_int_equal(credentials_hand_token(&scene.users, &scene.settings, &scene.problem), SPECTACLES_OK);
    assert_string_equal(gateway_got.token, MEMORY_TOKEN);
    const char *why = let_the_handle_refuse(&scene);
    assert_int_equal(credentials_hand_token(&scene.users, &scene.settings, &scene.problem),
                     SPECTACLES_E_INVAL);
    assert_true(*why);
    assert_string_equal(scene.problem.text, why);
    end(&scene);
}

static void the_urls_go_to_the_gateway_the_group_and_the_fleet(void **state)
{
    struct scene scene;
    (void)state;
    begin(&scene, "AMQP_URL=amqp://a,amqp://b");
    assert_int_equal(credentials_hand_urls(&scene.users, &scene.settings, 17, &scene.problem), SPECTACLES_OK);
    assert_int_equal(gateway_got.url_count, 2);
    assert_string_equal(gateway_got.urls[1], "amqp://b");
    assert_true(gateway_got.now == 17);
    assert_ptr_equal(scene.group.urls, gateway_got.urls);
    assert_int_equal(scene.group.url_count, 2);
    assert_ptr_equal(scene.member.urls, gateway_got.urls);
    end(&scene);
}

/* What the gateway refuses, the group does not get: both would log in with different credentials. */
static void urls_that_are_refused_stop_there(void **state)
{
    struct scene scene;
    (void)state;
    begin(&scene, NULL);
    const char *why = let_the_handle_refuse(&scene);
    assert_int_equal(credentials_hand_urls(&scene.users, &scene.settings, 1, &scene.problem),
                     SPECTACLES_E_INVAL);
    assert_string_equal(scene.problem.text, why);
    assert_null(scene.group.urls);
    assert_null(scene.member.urls);
    gateway_got.error = SPECTACLES_OK;
    scene.group.error = SPECTACLES_E_NOMEM;
    assert_int_equal(credentials_hand_urls(&scene.users, &scene.settings, 1, &scene.problem),
                     SPECTACLES_E_NOMEM);
    assert_string_equal(scene.problem.text, "the group refuses");
    end(&scene);
}

static void certificates_go_to_everybody(void **state)
{
    struct scene scene;
    (void)state;
    begin(&scene, NULL);
    assert_int_equal(credentials_hand_tls(&scene.users, &scene.settings, &scene.problem), SPECTACLES_OK);
    assert_non_null(gateway_got.tls);
    assert_ptr_equal(gateway_got.broker_tls, gateway_got.tls);
    assert_ptr_equal(scene.group.tls, gateway_got.tls);
    assert_ptr_equal(scene.member.tls, gateway_got.tls);
    end(&scene);
}

/* A file that is broken changes nothing. */
static void a_broken_file_of_authorities_goes_to_nobody(void **state)
{
    struct scene scene;
    struct problems problems = {0};
    char path[] = "/tmp/spectacles-authorities-XXXXXX";
    char setting[80];
    int fd = mkstemp(path);
    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "no certificate\n", 15), 15);
    close(fd);
    begin(&scene, NULL);
    snprintf(setting, sizeof setting, "SSL_CERT_FILE=%s", path);
    memory_set(&scene.memory, setting);
    settings_free(&scene.settings);
    memory_read(&scene.memory, &scene.settings, &problems);
    problems_free(&problems);
    assert_int_not_equal(credentials_hand_tls(&scene.users, &scene.settings, &scene.problem), SPECTACLES_OK);
    assert_non_null(strstr(scene.problem.text, "certificate"));
    assert_null(gateway_got.tls);
    assert_null(scene.group.tls);
    unlink(path);
    end(&scene);
}

/* While Discord is asked there is no gateway yet, which is going to be made with the new ones. */
static void without_a_gateway_the_group_alone_gets_them(void **state)
{
    struct scene scene;
    (void)state;
    begin(&scene, NULL);
    struct gateways none = {.count = 0};
    scene.users.gateways = &none;
    assert_int_equal(credentials_hand_token(&scene.users, &scene.settings, &scene.problem), SPECTACLES_OK);
    assert_int_equal(credentials_hand_urls(&scene.users, &scene.settings, 1, &scene.problem), SPECTACLES_OK);
    assert_int_equal(credentials_hand_tls(&scene.users, &scene.settings, &scene.problem), SPECTACLES_OK);
    assert_null(gateway_got.token);
    assert_null(gateway_got.urls);
    assert_null(gateway_got.tls);
    assert_int_equal(scene.group.url_count, 1);
    assert_non_null(scene.group.tls);
    scene.users.group = NULL;
    assert_int_equal(credentials_hand_urls(&scene.users, &scene.settings, 1, &scene.problem), SPECTACLES_OK);
    end(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_token_goes_to_the_gateway),
        cmocka_unit_test(the_urls_go_to_the_gateway_the_group_and_the_fleet),
        cmocka_unit_test(urls_that_are_refused_stop_there),
        cmocka_unit_test(certificates_go_to_everybody),
        cmocka_unit_test(a_broken_file_of_authorities_goes_to_nobody),
        cmocka_unit_test(without_a_gateway_the_group_alone_gets_them),
    };
    return cmocka_run_group_tests_name("tools/credentials", tests, NULL, NULL);
}
