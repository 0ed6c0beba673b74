/* Whom a link trusts, and with which certificates it shows itself: over each TLS library the same. */
#include "authority.h"
#include "certificates.h"
#include "tls_scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- Certificates of the peer ---- */

static void check_refused(sp_pair pair, const char *host, const char *words)
{
    assert_int_equal(pair.scene->toy.opened, 0);
    check_end(&pair, SPECTACLES_E_TLS, words);
    assert_non_null(strstr(pair.scene->toy.text, host));
    assert_non_null(strstr(pair.scene->toy.text, "is not trusted: "));
    part(&pair);
}

static void check_accepted(sp_pair pair, const char *host)
{
    if (!pair.scene->toy.opened)
        fail_msg("%s: %s", host, pair.scene->toy.text);
    check_talk(&pair);
    part(&pair);
}

static void refused(const char *certificate, const char *key, const char *host, const char *words)
{
    check_refused(talk(certificate, key, host), host, words);
}

static void accepted(const char *certificate, const char *host)
{
    check_accepted(talk(certificate, server_key, host), host);
}

static void only_the_right_certificate_is_trusted(void **state)
{
    (void)state;
    accepted(good_pem, "gateway.example");
    accepted(good_pem, "GATEWAY.example");
    accepted(good_pem, "gateway.example.");
    accepted(good_pem, "any.wild.example");
    accepted(good_pem, "127.0.0.1");
    accepted(other_pem, "other.example");
    refused(other_pem, server_key, "gateway.example", "it is for another host name");
    refused(other_pem, server_key, "127.0.0.1", "it is for another host name");
    refused(good_pem, server_key, "wild.example", "it is for another host name");
    refused(good_pem, server_key, "a.b.wild.example", "it is for another host name");
    refused(expired_pem, server_key, "gateway.example", "it has expired");
    refused(future_pem, server_key, "gateway.example", "it is not valid yet (is the clock right?)");
    refused(foreign_pem, foreign_key, "gateway.example", "it is not signed by a known authority");
    refused(foreign_pem, foreign_key, "127.0.0.1", "it is not signed by a known authority");
    refused(foreign_pem, foreign_key, "other.example", "it is not signed by a known authority");
    refused(foreign_pem, foreign_key, "gateway.example", "(the authorities come from /tmp/spectacles-");
}

static sp_pair talk_to(wanted_certificate wanted, const char *host)
{
    sp_pair pair = meet(host, make_tls_of(authority_pem(), NULL, NULL, 0));
    issued_certificate issued = authority_issue(wanted);
    answer(&pair, issued.certificate, issued.key, NULL);
    shake(&pair);
    return pair;
}

static void only_the_names_of_the_certificate_count(void **state)
{
    static const struct {
        wanted_certificate wanted;
        const char *host;
        const char *words; /* NULL: it is trusted */
    } cases[] = {
        {{"gateway.example", "DNS:gateway.example", NULL, 0}, "gateway.example", NULL},
        {{"gateway.example", NULL, NULL, 0}, "gateway.example", "another host name"},
        {{"gateway.example", "IP:127.0.0.1", NULL, 0}, "gateway.example", "another host name"},
        {{"127.0.0.1", "DNS:127.0.0.1", NULL, 0}, "127.0.0.1", "another host name"},
        {{"127.0.0.1", NULL, NULL, 0}, "127.0.0.1", "another host name"},
        {{"two", "DNS:one.example,DNS:two.example", NULL, 0}, "two.example", NULL},
        {{"part", "DNS:gate*.bot.example", NULL, 0}, "gateway.bot.example", "another host name"},
        {{"all", "DNS:*", NULL, 0}, "gateway", "another host name"},
        {{"server", "DNS:gateway.example", "serverAuth", 0}, "gateway.example", NULL},
        {{"client", "DNS:gateway.example", "clientAuth", 0}, "gateway.example", "not meant for a server"},
        {{"rsa", "DNS:gateway.example", NULL, 2048}, "gateway.example", NULL},
        {{"weak", "DNS:gateway.example", NULL, 1024}, "gateway.example", "its key is too weak"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        sp_pair pair = talk_to(cases[i].wanted, cases[i].host);
        if (cases[i].words)
            check_refused(pair, cases[i].host, cases[i].words);
        else
            check_accepted(pair, cases[i].host);
    }
    authority_forget();
}

static void insecure_is_what_its_name_says(void **state)
{
    (void)state;
    sp_pair pair = meet("other.example", make_tls(NULL, NULL, SPECTACLES_TLS_INSECURE_NO_VERIFICATION));
    answer(&pair, foreign_pem, foreign_key, NULL);
    shake(&pair);
    assert_int_equal(pair.scene->toy.opened, 1);
    part(&pair);
}

/* ---- Certificates of our own ---- */

/* NULL: no file. "": a file that is not there. */
static const char *path_of(const char *text)
{
    return !text ? NULL : *text ? file_of(text) : "/no/such/file";
}

static void load(const char *ca, const char *cert, const char *key, int expected, const char *words)
{
    spectacles_problem problem = {0};
    spectacles_tls *tls = NULL;
    spectacles_tls_config config;
    spectacles_tls_config_init(&config, sizeof config);
    config.ca_file = path_of(ca);
    config.cert_file = path_of(cert);
    config.key_file = path_of(key);
    int error = spectacles_tls_new(&tls, &config, &problem);
    if (error != expected || !strstr(problem.text, words))
        fail_msg("%d: %s; expected: %d, %s", error, problem.text, expected, words);
    assert_true((tls != NULL) == (expected == SPECTACLES_OK));
    spectacles_tls_free(tls);
    const char *const made[] = {config.ca_file, config.cert_file, config.key_file};
    for (size_t i = 0; i < 3; i++) {
        if (made[i])
            unlink(made[i]);
    }
}

static void what_cannot_be_loaded_is_named(void **state)
{
    enum {
        OK = SPECTACLES_OK,
        TLS = SPECTACLES_E_TLS,
        INVAL = SPECTACLES_E_INVAL
    };
    (void)state;
    load(ca_pem, good_pem, server_key, OK, "");
    load("", NULL, NULL, TLS, "tried /no/such/file (there is no such file)");
    load("no certificate", NULL, NULL, TLS, "(it holds no certificate in PEM form)");
    load(ca_pem, "", server_key, TLS, "the certificate in /no/such/file can not be read: there is no such");
    load(ca_pem, good_pem, "", TLS, "the key in /no/such/file can not be read: there is no such");
    load(ca_pem, good_pem, NULL, INVAL, "have to be given together");
    load(ca_pem, NULL, server_key, INVAL, "have to be given together");
    load(ca_pem, server_key, server_key, TLS, "the certificate in /tmp/spectacles-");
    load(ca_pem, good_pem, good_pem, TLS, "the key in /tmp/spectacles-");
    /* Noticed when both are loaded, and not by the peer's alert. */
    load(ca_pem, foreign_pem, server_key, INVAL, "does not belong to the certificate in /tmp/spectacles-");
}

/* Nobody is asked for a passphrase: a daemon has no terminal, and a library has no business there. */
static void an_encrypted_key_is_refused(void **state)
{
    (void)state;
    for (int pkcs8 = 0; pkcs8 < 2; pkcs8++)
        load(ca_pem, good_pem, authority_encrypt(server_key, pkcs8), SPECTACLES_E_TLS,
             "is encrypted: it has to be stored without a passphrase");
    authority_forget();
}

/* ---- Where the authorities come from ---- */

static void write_file(const char *folder, const char *name, const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void remove_file(const char *folder, const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_int_equal(unlink(path), 0);
}

static void check_environment(int expected, const char *words)
{
    spectacles_problem problem = {0};
    spectacles_tls *tls = NULL;
    assert_int_equal(spectacles_tls_new(&tls, NULL, &problem), expected);
    assert_non_null(strstr(problem.text, words));
    spectacles_tls_free(tls);
}

/* The environment names files and directories, as it does for OpenSSL. The names of the files do not matter. */
static void the_environment_names_authorities(void **state)
{
    char folder[] = "/tmp/spectacles-XXXXXX";
    char list[64];
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(list, sizeof list, "/no/such/folder:%s", folder);
    setenv("SSL_CERT_FILE", "/no/such/file", 1);
    setenv("SSL_CERT_DIR", list, 1);
    check_environment(SPECTACLES_E_TLS,
                      "tried /no/such/file (there is no such file), /no/such/folder, /tmp/");
    write_file(folder, "README", "nothing");
    check_environment(SPECTACLES_E_TLS, folder);
    write_file(folder, "one.pem", ca_pem);
    check_environment(SPECTACLES_OK, "");
    remove_file(folder, "one.pem");
    remove_file(folder, "README");
    assert_int_equal(rmdir(folder), 0);
    unsetenv("SSL_CERT_FILE");
    unsetenv("SSL_CERT_DIR");
}

/* A bundle of hundred authorities with a damaged one is as good as one with 99. */
static void a_damaged_certificate_in_a_bundle_is_passed_over(void **state)
{
    char bundle[4096];
    (void)state;
    const char *middle = strchr(good_pem, '\n') + 200;
    int length = snprintf(bundle, sizeof bundle, "a comment\n%.*sA%s%s", (int)(middle - good_pem), good_pem,
                          middle + 2, ca_pem);
    assert_true(length > 0 && (size_t)length < sizeof bundle);
    sp_pair pair = meet("gateway.example", make_tls_of(bundle, NULL, NULL, 0));
    answer(&pair, good_pem, server_key, NULL);
    shake(&pair);
    check_accepted(pair, "gateway.example");
}

/* ---- Authorities that change ---- */

/* The engine wants its next connection, and a server with this certificate answers. */
static void connect_again(sp_pair *pair, const char *certificate, const char *key)
{
    sp_scene *scene = pair->scene;
    tls_server_free(pair->server);
    pair->server = NULL;
    scene->toy.opened = scene->toy.ended = 0;
    scene->toy.in_length = 0;
    scene->toy.wants_connection = 0;
    scene_turn(scene);
    close(scene->peer);
    scene_resolve(scene, "127.0.0.1");
    scene_accept(scene);
    answer(pair, certificate, key, NULL);
    shake(pair);
}

static void another_authority_is_for_the_next_connection(void **state)
{
    (void)state;
    issued_certificate issued =
        authority_issue((wanted_certificate){"gateway.example", "DNS:gateway.example", NULL, 0});
    sp_pair pair = talk_well();
    assert_int_equal(spectacles_link_set_tls(pair.scene->link, NULL), SPECTACLES_E_INVAL);
    assert_true(strlen(spectacles_link_last_error(pair.scene->link)) > 0);
    spectacles_tls *fresh = make_tls_of(authority_pem(), NULL, NULL, 0);
    assert_int_equal(spectacles_link_set_tls(pair.scene->link, fresh), SPECTACLES_OK);
    spectacles_tls_free(fresh);
    check_talk(&pair); /* what stands goes on */
    /* No ticket of the former server is taken: the certificate is looked at. */
    connect_again(&pair, good_pem, server_key);
    assert_int_equal(pair.scene->toy.opened, 0);
    check_end(&pair, SPECTACLES_E_TLS, "it is not signed by a known authority");
    connect_again(&pair, issued.certificate, issued.key);
    assert_int_equal(pair.scene->toy.opened, 1);
    check_talk(&pair);
    part(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_right_certificate_is_trusted),
        cmocka_unit_test(only_the_names_of_the_certificate_count),
        cmocka_unit_test(insecure_is_what_its_name_says),
        cmocka_unit_test(what_cannot_be_loaded_is_named),
        cmocka_unit_test(an_encrypted_key_is_refused),
        cmocka_unit_test(the_environment_names_authorities),
        cmocka_unit_test(a_damaged_certificate_in_a_bundle_is_passed_over),
        cmocka_unit_test(another_authority_is_for_the_next_connection),
    };
    return cmocka_run_group_tests_name("net/trust", tests, NULL, NULL);
}
