#include "resolver.h"

#include <err.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum state {
    IDLE,
    ASKED,
    ANSWERED,
    ENDING
};

struct resolver {
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t asked;
    enum state state;
    bool busy; /* the thread is inside the system's resolver */
    int pipe[2];
    char host[256];
    char answer[512];
    int length;
};

static void *work(void *user)
{
    struct resolver *resolver = user;
    pthread_mutex_lock(&resolver->mutex);
    while (resolver->state != ENDING) {
        if (resolver->state != ASKED) {
            pthread_cond_wait(&resolver->asked, &resolver->mutex);
            continue;
        }
        char host[sizeof resolver->host];
        char answer[sizeof resolver->answer];
        memcpy(host, resolver->host, sizeof host);
        resolver->busy = true;
        pthread_mutex_unlock(&resolver->mutex);
        int length = spectacles_resolve(answer, sizeof answer, host);
        pthread_mutex_lock(&resolver->mutex);
        resolver->busy = false;
        if (resolver->state != ASKED)
            break;
        if (length > 0)
            memcpy(resolver->answer, answer, (size_t)length);
        resolver->length = length;
        resolver->state = ANSWERED;
        if (write(resolver->pipe[1], "", 1) < 0)
            warn("resolver");
    }
    pthread_mutex_unlock(&resolver->mutex);
    return NULL;
}

struct resolver *resolver_new(void)
{
    struct resolver *resolver = calloc(1, sizeof *resolver);
    if (!resolver || pipe(resolver->pipe) < 0)
        err(1, "resolver");
    for (int i = 0; i < 2; i++) {
        fcntl(resolver->pipe[i], F_SETFL, O_NONBLOCK);
        fcntl(resolver->pipe[i], F_SETFD, FD_CLOEXEC);
    }
    pthread_mutex_init(&resolver->mutex, NULL);
    pthread_cond_init(&resolver->asked, NULL);
    if (pthread_create(&resolver->thread, NULL, work, resolver) != 0)
        errx(1, "resolver: no thread");
    return resolver;
}

void resolver_free(struct resolver *resolver)
{
    pthread_mutex_lock(&resolver->mutex);
    resolver->state = ENDING;
    bool busy = resolver->busy;
    pthread_cond_signal(&resolver->asked);
    pthread_mutex_unlock(&resolver->mutex);
    if (busy)
        return; /* the thread cannot be interrupted: it lasts, with its memory, until the process ends */
    pthread_join(resolver->thread, NULL);
    pthread_cond_destroy(&resolver->asked);
    pthread_mutex_destroy(&resolver->mutex);
    close(resolver->pipe[0]);
    close(resolver->pipe[1]);
    free(resolver);
}

int resolver_fd(const struct resolver *resolver)
{
    return resolver->pipe[0];
}

void resolver_answer(struct resolver *resolver, spectacles_gateway *gateway)
{
    char drained[16];
    while (read(resolver->pipe[0], drained, sizeof drained) > 0)
        continue;
    pthread_mutex_lock(&resolver->mutex);
    if (resolver->state == ANSWERED) {
        bool found = resolver->length > 0;
        resolver->state = IDLE;
        spectacles_gateway_set_address(gateway, resolver->host, found ? resolver->answer : NULL,
                                       found ? (size_t)resolver->length : 0);
    }
    pthread_mutex_unlock(&resolver->mutex);
    resolver_ask(resolver, gateway);
}

void resolver_ask(struct resolver *resolver, const spectacles_gateway *gateway)
{
    const char *host = spectacles_gateway_wants_address(gateway, 0);
    if (!host)
        return;
    pthread_mutex_lock(&resolver->mutex);
    if (resolver->state == IDLE) {
        strncpy(resolver->host, host, sizeof resolver->host - 1);
        resolver->state = ASKED;
        pthread_cond_signal(&resolver->asked);
    }
    pthread_mutex_unlock(&resolver->mutex);
}
