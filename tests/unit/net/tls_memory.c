#include "tls_memory.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <sys/socket.h>
#include <unistd.h>

static void (*pause_call)(int pauses);

/* The linker puts the test's functions in the place of these. */
static void *take(size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return malloc(size);
}

static void *take_again(void *old, size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return realloc(old, size);
}

static void give(void *bytes, const char *file, int line)
{
    (void)file;
    (void)line;
    free(bytes);
}

static void serve(int serves)
{
    if (pause_call)
        pause_call(serves);
}

void tls_memory_begin(void (*pause)(int pauses))
{
    pause_call = pause;
    assert_int_equal(CRYPTO_set_mem_functions(take, take_again, give), 1);
}

memory_pair memory_pair_begin(const char *certificate, const char *key)
{
    memory_pair pair;
    serve(1);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair.ends), 0);
    assert_int_equal(fcntl(pair.ends[0], F_SETFL, O_NONBLOCK), 0);
    pair.server = tls_server_new(pair.ends[1], certificate, key, NULL);
    serve(0);
    return pair;
}

void memory_pair_end(memory_pair *pair)
{
    serve(1);
    tls_server_free(pair->server);
    serve(0);
    close(pair->ends[0]);
    close(pair->ends[1]);
}

int memory_pair_shake(const memory_pair *pair, sp_tls_session *session, sp_text *why)
{
    int done = SP_TLS_WANTS_READ;
    int accepted = 0;
    for (int i = 0; i < 20 && done == SP_TLS_WANTS_READ; i++) {
        done = sp_tls_handshake(session, why);
        serve(1);
        accepted = accepted == 0 ? tls_server_shake(pair->server) : accepted;
        serve(0);
    }
    serve(1);
    if (accepted == 0)
        tls_server_shake(pair->server);
    serve(0);
    return done;
}
