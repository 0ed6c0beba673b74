/*
 * Any one allocation of the library and of its TLS library may fail: the call says so, nothing is leaked, and no
 * certificate is trusted because of it.
 */
#include "certificates.h"
#include "failing.h"
#include "tls_memory.h"

#include <stdio.h>
#include <unistd.h>

static char ca_file[] = "/tmp/spectacles-XXXXXX";
static char cert_file[] = "/tmp/spectacles-XXXXXX";
static char key_file[] = "/tmp/spectacles-XXXXXX";

static void write_file(char *path, const char *text)
{
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

/* The only error that may come of it. A TLS library does not always say that it was memory. */
static void check_error(int error, const char *text)
{
    if (error != SPECTACLES_E_NOMEM && error != SPECTACLES_E_TLS && error != SPECTACLES_E_CLOSED)
        fail_msg("%d: %s", error, text);
    assert_true(strlen(text) > 0);
}

static spectacles_tls *load(void)
{
    spectacles_problem problem = {0};
    spectacles_tls *tls = NULL;
    spectacles_tls_config config;
    spectacles_tls_config_init(&config, sizeof config);
    config.ca_file = ca_file;
    config.cert_file = cert_file;
    config.key_file = key_file;
    int error = spectacles_tls_new(&tls, &config, &problem);
    if (error == SPECTACLES_OK)
        return tls;
    assert_null(tls);
    check_error(error, problem.text);
    /* An authority that memory was too short for must not look like one that is not there. */
    assert_null(strstr(problem.text, "no trusted certificate authorities"));
    return NULL;
}

static void talk(const memory_pair *pair, sp_tls_session *session)
{
    uint8_t bytes[600] = {0};
    sp_text why;
    failing_pause(1);
    tls_server_write(pair->server, bytes, sizeof bytes);
    failing_pause(0);
    sp_tls_ready(session);
    ssize_t got = sp_tls_read(session, bytes, sizeof bytes, &why);
    if (got < 0 && got != SP_TLS_WANTS_READ)
        check_error((int)got, why.chars);
    ssize_t put = sp_tls_write(session, bytes, sizeof bytes, &why);
    if (put < 0)
        check_error((int)put, why.chars);
    sp_tls_goodbye(session);
}

/* A whole life. Returns whether the handshake went well. */
static int live(spectacles_tls *tls, const char *certificate, const char *key)
{
    sp_tls_session *session = NULL;
    sp_text why;
    memory_pair pair = memory_pair_begin(certificate, key);
    int done = sp_tls_session_new(&session, tls, pair.ends[0], "gateway.example", 443);
    if (done == SPECTACLES_OK)
        done = memory_pair_shake(&pair, session, &why);
    else
        sp_text_set(&why, "no session");
    if (done == 1)
        talk(&pair, session);
    else if (done != SP_TLS_WANTS_READ)
        check_error(done, why.chars);
    sp_tls_session_free(session);
    memory_pair_end(&pair);
    return done == 1;
}

/* OpenSSL sets itself up at its first use, once for the process: memory is there for that. */
static int begin(void **state)
{
    (void)state;
    write_file(ca_file, ca_pem);
    write_file(cert_file, other_pem);
    write_file(key_file, server_key);
    spectacles_tls *tls = load();
    int stands = tls && live(tls, good_pem, server_key);
    spectacles_tls_free(tls);
    return stands ? 0 : -1;
}

static int remove_files(void **state)
{
    (void)state;
    unlink(ca_file);
    unlink(cert_file);
    unlink(key_file);
    return 0;
}

/* Where a TLS library makes thousands of allocations, each of the first fails, and some of the later ones. */
static size_t next(size_t nth)
{
    return nth + 1 + nth / 50;
}

static void certificates_are_loaded_or_not(void **state)
{
    (void)state;
    failing_start(0);
    spectacles_tls_free(load());
    size_t count = failing_count();
    assert_true(count > 10);
    for (size_t nth = 1; nth <= count; nth = next(nth)) {
        failing_start(nth);
        spectacles_tls_free(load());
    }
    failing_start(0);
}

/* A connection whose session is new; after it, tls has one to take up again. */
static int live_anew(void)
{
    failing_pause(1);
    spectacles_tls *tls = load();
    failing_pause(0);
    assert_non_null(tls);
    int stands = live(tls, good_pem, server_key);
    spectacles_tls_free(tls);
    return stands;
}

static void a_connection_stands_or_not(void **state)
{
    (void)state;
    failing_start(0);
    spectacles_tls *tls = load();
    assert_non_null(tls);
    failing_start(0);
    assert_int_equal(live_anew(), 1);
    size_t count = failing_count();
    assert_int_equal(live(tls, good_pem, server_key), 1);
    for (size_t nth = 1; nth <= count; nth = next(nth)) {
        failing_start(nth);
        live_anew();
        failing_start(nth);
        live(tls, good_pem, server_key);
    }
    failing_start(0);
    assert_int_equal(live(tls, good_pem, server_key), 1);
    spectacles_tls_free(tls);
}

static void no_certificate_is_trusted_because_memory_ran_out(void **state)
{
    (void)state;
    spectacles_tls *tls = load();
    assert_non_null(tls);
    failing_start(0);
    assert_int_equal(live(tls, foreign_pem, foreign_key), 0);
    size_t count = failing_count();
    for (size_t nth = 1; nth <= count; nth = next(nth)) {
        failing_start(nth);
        assert_int_equal(live(tls, foreign_pem, foreign_key), 0);
        failing_start(nth);
        assert_int_equal(live(tls, expired_pem, server_key), 0);
    }
    failing_start(0);
    spectacles_tls_free(tls);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(certificates_are_loaded_or_not),
        cmocka_unit_test(a_connection_stands_or_not),
        cmocka_unit_test(no_certificate_is_trusted_because_memory_ran_out),
    };
    tls_memory_begin(failing_pause);
    return cmocka_run_group_tests_name("net/nomem", tests, begin, remove_files);
}
